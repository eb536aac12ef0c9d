package org.score4j.training.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.score4j.core.model.Recompute;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;
import org.score4j.kernels.DType;
import org.score4j.kernels.Ops;
import org.score4j.training.bench.BenchRow;
import org.score4j.training.bench.BenchShape;
import org.score4j.training.bench.EpisodeBenchmark;
import org.score4j.training.bench.LoadBenchmark;
import org.score4j.training.bench.ModelBenchmark;
import org.score4j.training.bench.OpBenchmark;
import org.score4j.training.bench.Rival;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code score4j bench}. */
@Command(
    name = "bench",
    description =
        "Times ops, training, decoding and whole steps of a backend, and another program beside"
            + " it.",
    customSynopsis =
        "score4j bench [--shape NAME] [--what ops,train,decode,episodes,load] [options]",
    mixinStandardHelpOptions = true)
final class BenchCommand implements Callable<Integer> {
  private static final List<String> KINDS = List.of("ops", "train", "decode", "episodes", "load");

  @Spec private @Nullable CommandSpec spec;

  @Mixin private CommonOptions common = new CommonOptions();

  @Option(
      names = "--shape",
      paramLabel = "NAME",
      defaultValue = "small",
      description =
          "demo, small, medium, qwen2.5-0.5b, qwen2.5-1.5b or qwen2.5-3b; small unless given")
  private String shape = "small";

  @Option(
      names = "--what",
      paramLabel = "KIND,…",
      split = ",",
      defaultValue = "ops,train,decode,episodes",
      description =
          "ops, train, decode, episodes; all of these unless given. load: a folder beside reading"
              + " its files once")
  private List<String> what = List.of();

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description =
          "the folder that load loads; a temporary one of the shape's sizes in single precision"
              + " unless given")
  private @Nullable Path model;

  @Option(
      names = "--micro-batch",
      paramLabel = "N",
      defaultValue = "64",
      description = "sequences of a pass; fewer need less memory. 64 unless given")
  private int microBatch;

  @Option(
      names = "--recompute",
      paramLabel = "LEVEL",
      defaultValue = "none",
      description = "none, norms or blocks: less memory in training for more time")
  private String recompute = "none";

  @Option(
      names = "--weights",
      paramLabel = "TYPE",
      description =
          "decode with matrices of f32 or bf16, as a model that is not trained has them; what the"
              + " device computes in unless given")
  private @Nullable String weights;

  @Option(
      names = "--batches",
      paramLabel = "N,…",
      split = ",",
      description = "conversations decoded at once; the shape's unless given")
  private List<Integer> batches = List.of();

  @Option(
      names = "--warm-up",
      paramLabel = "SECONDS",
      defaultValue = "5",
      description = "before each workload; a fifth of it before each op. 5 unless given")
  private double warmUp;

  @Option(
      names = "--reps",
      paramLabel = "N",
      defaultValue = "5",
      description = "measurements, of which the median counts; 5 unless given")
  private int reps;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "3",
      description = "turns taken with the other program; 3 unless given")
  private int rounds;

  @Option(
      names = "--against-train",
      paramLabel = "COMMAND",
      description = "run in turns with train; must print \"tokens/s NUMBER\"")
  private @Nullable String againstTrain;

  @Option(names = "--against-decode", paramLabel = "COMMAND", description = "the same for decode")
  private @Nullable String againstDecode;

  @Option(
      names = "--beside",
      paramLabel = "DEVICE,…",
      split = ",",
      description =
          "time the ops on these devices too: a column each, and how many times as long they take")
  private List<String> beside = List.of();

  @Override
  public Integer call() {
    for (String kind : what) {
      if (!KINDS.contains(kind)) {
        throw usage("--what %s is unknown; use some of %s".formatted(kind, KINDS));
      }
    }
    if (reps < 1 || rounds < 1 || microBatch < 1 || !(warmUp >= 0)) {
      throw usage("--reps, --rounds and --micro-batch must be at least 1, --warm-up at least 0");
    }
    if (batches.stream().anyMatch(batch -> batch < 1)) {
      throw usage("--batches %s: each must be at least 1".formatted(batches));
    }
    if (!beside.isEmpty() && !what.contains("ops")) {
      throw usage("--beside %s: only ops are timed beside another device".formatted(beside));
    }
    if (model != null && !what.contains("load")) {
      throw usage("--model %s: only load reads a folder; add --what load".formatted(model));
    }
    BenchShape of = BenchShape.byName(shape);
    PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    Engine.Execution execution = common.execution();
    List<BenchRow> rows = new ArrayList<>();
    List<BenchReport.Ratio> ratios = new ArrayList<>();
    String description;
    try (Backend backend =
        Backends.open(
            Backends.choose(execution.device(), err::println),
            execution.threads(),
            execution.precision())) {
      Ops ops = new Ops(backend);
      description = backend.description();
      DType matrices = matrices(ops);
      if (what.contains("ops")) {
        try (OpBenchmark benchmark = new OpBenchmark(ops, of, microBatch, warmUp / 5, reps)) {
          rows.addAll(benchmark.run());
        }
      }
      if (what.contains("load")) {
        LoadBenchmark benchmark = new LoadBenchmark(ops);
        rows.addAll(model == null ? benchmark.run(of.model(), reps) : benchmark.run(model, reps));
      }
      if (what.contains("train") || what.contains("decode")) {
        runModel(ops, of, matrices, rows, ratios);
      }
      if (what.contains("episodes")) {
        int passTokens = Math.min(microBatch, of.trainSequences()) * of.trainLength();
        rows.addAll(
            new EpisodeBenchmark(ops, of, passTokens, Recompute.byName(recompute))
                .run(warmUp, reps));
      }
    }
    List<BenchReport.Column> columns =
        beside.stream().map(device -> column(of, device, execution, err::println)).toList();
    BenchReport report = new BenchReport(description, shape, rows, columns, ratios);
    if (common.json) {
      JsonOutput.print(out, report.document());
    } else {
      report.print(out);
    }
    return 0;
  }

  private void runModel(
      Ops ops, BenchShape of, DType matrices, List<BenchRow> rows, List<BenchReport.Ratio> ratios) {
    try (ModelBenchmark benchmark =
        new ModelBenchmark(ops, of, microBatch, Recompute.byName(recompute), matrices)) {
      if (what.contains("train")) {
        against(rows, ratios, againstTrain, () -> benchmark.train(warmUp, reps));
      }
      if (what.contains("decode")) {
        for (int batch : batches.isEmpty() ? of.decodeBatches() : batches) {
          against(rows, ratios, againstDecode, () -> benchmark.decode(batch, warmUp, reps));
        }
      }
    }
  }

  private DType matrices(Ops ops) {
    if (weights == null) {
      return ops.floatType();
    }
    Set<DType> types = new TreeSet<>(ops.backend().weightTypes());
    DType type =
        types.stream()
            .filter(t -> t.name().equalsIgnoreCase(weights))
            .findFirst()
            .orElseThrow(
                () -> usage("--weights %s: this device reads %s".formatted(weights, types)));
    if (type != ops.floatType() && !what.equals(List.of("decode"))) {
      throw usage(
          "--weights %s: only decoding is timed with it; add --what decode".formatted(weights));
    }
    return type;
  }

  private BenchReport.Column column(
      BenchShape of, String device, Engine.Execution execution, Consumer<String> log) {
    try (Backend backend =
            Backends.open(
                Backends.choose(device, log), execution.threads(), execution.precision());
        OpBenchmark benchmark =
            new OpBenchmark(new Ops(backend), of, microBatch, warmUp / 5, reps)) {
      return new BenchReport.Column(device, backend.description(), benchmark.run());
    }
  }

  private interface Workload {
    BenchRow run();
  }

  /** Ours and theirs in turns; the row kept is the median round's. */
  private void against(
      List<BenchRow> rows,
      List<BenchReport.Ratio> ratios,
      @Nullable String command,
      Workload ours) {
    if (command == null) {
      rows.add(ours.run());
      return;
    }
    List<BenchRow> own = new ArrayList<>();
    double[] theirs = new double[rounds];
    for (int round = 0; round < rounds; round++) {
      own.add(ours.run());
      theirs[round] = new Rival(command).tokensPerSecond();
    }
    own.sort((a, b) -> Double.compare(a.rate(), b.rate()));
    Arrays.sort(theirs);
    BenchRow median = own.get(rounds / 2);
    rows.add(median);
    ratios.add(new BenchReport.Ratio(median.what(), median.rate(), theirs[rounds / 2]));
  }

  private ParameterException usage(String message) {
    return new ParameterException(Objects.requireNonNull(spec).commandLine(), message);
  }
}
