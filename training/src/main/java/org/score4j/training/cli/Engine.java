package org.score4j.training.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Precision;
import org.score4j.kernels.cuda.CudaHost;
import org.score4j.kernels.cuda.CudaProbe;
import org.score4j.kernels.cuda.CudaReport;
import org.score4j.training.config.RunConfig;
import org.score4j.training.run.Evaluated;
import org.score4j.training.run.LoadedModel;
import org.score4j.training.run.RunFolder;
import org.score4j.training.run.RunListener;
import org.score4j.training.run.RunResult;
import org.score4j.training.run.TrainingRun;
import org.score4j.training.text.TextModel;

/** What the commands ask of everything below them; tests put something quick in its place. */
interface Engine {
  /**
   * Where and with what to compute.
   *
   * @param device as in {@code --device}
   * @param precision of weights and activations
   * @param threads that compute
   */
  record Execution(String device, Precision precision, int threads) {}

  /** Refuses a device that does not work here, before anything is written. */
  void check(Execution execution);

  /** What this machine offers for CUDA. */
  CudaReport cuda();

  /** What this machine offers for TornadoVM. */
  TornadoReport tornado();

  /** Trains all phases of a run that are not done. */
  RunResult train(
      RunFolder folder,
      boolean resume,
      Execution execution,
      RunListener listener,
      BooleanSupplier stopRequested);

  /** Two attempts at held-out problems. */
  Evaluated evaluate(
      RunConfig config, Path model, int problems, double temperature, Execution execution);

  /** One response per turn. */
  List<String> generate(
      RunConfig config,
      Path model,
      String prompt,
      int turns,
      double temperature,
      Execution execution);

  /** Opens a Hugging Face folder for as long as {@code use} runs. */
  void withModel(Path model, Execution execution, Consumer<TextModel> use);

  /** The real thing. */
  final class OnDevice implements Engine {
    private final Consumer<String> log;

    /** log: lines for people, where no listener takes them. */
    OnDevice(Consumer<String> log) {
      this.log = log;
    }

    @Override
    public void check(Execution execution) {
      open(execution, line -> {}).close();
    }

    @Override
    public CudaReport cuda() {
      return CudaProbe.report(CudaHost.current());
    }

    @Override
    public TornadoReport tornado() {
      return TornadoReport.ofThisMachine();
    }

    @Override
    public RunResult train(
        RunFolder folder,
        boolean resume,
        Execution execution,
        RunListener listener,
        BooleanSupplier stopRequested) {
      try (Backend backend = open(execution, listener::notice);
          TrainingRun run =
              new TrainingRun(
                  folder.config(),
                  folder.path(),
                  folder.configHash(),
                  new Ops(backend),
                  listener,
                  stopRequested)) {
        listener.notice(backend.description());
        run.resumePoint()
            .filter(point -> resume)
            .ifPresent(point -> listener.notice("resuming after " + point));
        return run.run(resume);
      }
    }

    @Override
    public Evaluated evaluate(
        RunConfig config, Path model, int problems, double temperature, Execution execution) {
      try (Backend backend = open(execution, log);
          LoadedModel loaded = new LoadedModel(config, model, new Ops(backend), log)) {
        return loaded.evaluate(problems, temperature);
      }
    }

    @Override
    public List<String> generate(
        RunConfig config,
        Path model,
        String prompt,
        int turns,
        double temperature,
        Execution execution) {
      try (Backend backend = open(execution, log);
          LoadedModel loaded = new LoadedModel(config, model, new Ops(backend), log)) {
        return loaded.generate(prompt, turns, temperature);
      }
    }

    @Override
    public void withModel(Path model, Execution execution, Consumer<TextModel> use) {
      try (Backend backend = open(execution, log);
          TextModel loaded = new TextModel(new Ops(backend), model, log)) {
        use.accept(loaded);
      }
    }

    private static Backend open(Execution execution, Consumer<String> log) {
      return Backends.open(
          Backends.choose(execution.device(), log), execution.threads(), execution.precision());
    }
  }
}
