package org.score4j.training.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;
import org.score4j.kernels.cuda.CudaReport;
import org.score4j.training.verifiers.code.CodeException;
import org.score4j.training.verifiers.code.CodeSettings;
import org.score4j.training.verifiers.code.CodeVerifiers;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code score4j doctor}: exit code 0 when training can run here, else 1. */
@Command(
    name = "doctor",
    description = "Says whether training can run on this machine, and what is missing if not.",
    mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {
  private static final long DISK_NEEDED = 100L << 20;
  private static final long HEAP_NEEDED = 256L << 20;
  private static final int REQUIRED_JAVA = 25;

  private static final Pattern CUDA = Pattern.compile("cuda(?::(\\d{1,3}))?");
  private static final Pattern TORNADO = Pattern.compile("tornado(?::(\\d{1,3}))?");
  private static final Set<String> OTHERS = Set.of("auto", "cpu", "reference");
  private static final int NAME_WIDTH = 18;

  private final Engine engine;
  private final Terminal terminal;

  @Spec private @Nullable CommandSpec spec;

  @Option(names = "--json", description = "one JSON document on stdout and nothing else there")
  private boolean json;

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      defaultValue = "auto",
      description =
          "where training shall run: cuda and cuda:N ask for that GPU, tornado and tornado:N for"
              + " that device of TornadoVM; with any other device both may be missing")
  private String device = "auto";

  /**
   * One finding.
   *
   * @param name what was looked at
   * @param good whether training can run with it
   * @param needed whether training cannot run where it is not good
   * @param text what was found, and the fix where it is not good; may be several lines
   */
  private record Finding(String name, boolean good, boolean needed, String text) {
    Finding(String name, boolean good, String text) {
      this(name, good, true, text);
    }

    boolean hinders() {
      return needed && !good;
    }

    String line() {
      String indented = text.replace("\n", "\n" + " ".repeat(NAME_WIDTH + 3));
      return "%s %-18s %s".formatted(good ? "✓" : needed ? "✗" : "–", name, indented);
    }
  }

  DoctorCommand(Engine engine, Terminal terminal) {
    this.engine = engine;
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
    Matcher cuda = CUDA.matcher(device);
    boolean cudaNeeded = cuda.matches();
    Matcher tornado = TORNADO.matcher(device);
    boolean tornadoNeeded = tornado.matches();
    if (!cudaNeeded && !tornadoNeeded && !OTHERS.contains(device)) {
      throw new IllegalArgumentException(
          "device '%s' is unknown; use cpu, reference, cuda, cuda:N, tornado, tornado:N or auto"
              .formatted(device));
    }
    int gpu = cudaNeeded && cuda.group(1) != null ? Integer.parseInt(cuda.group(1)) : 0;
    List<Finding> findings =
        new ArrayList<>(
            List.of(java(), cores(), memory(), backend("cpu"), backend("reference"), disk()));
    findings.add(terminal());
    findings.add(programs());
    addCuda(findings, engine.cuda(), cudaNeeded, gpu);
    int chosen = tornadoNeeded && tornado.group(1) != null ? Integer.parseInt(tornado.group(1)) : 0;
    addTornado(findings, engine.tornado(), tornadoNeeded, chosen);
    boolean good = findings.stream().noneMatch(Finding::hinders);
    if (json) {
      Map<String, @Nullable Object> document = new LinkedHashMap<>();
      document.put("can_train", good);
      for (Finding finding : findings) {
        document.put(
            finding.name(),
            Map.of("ok", finding.good(), "needed", finding.needed(), "found", finding.text()));
      }
      JsonOutput.print(out, document);
    } else {
      findings.forEach(finding -> out.println(finding.line()));
      out.println(
          good ? "Training can run here." : "Training cannot run here yet; see the lines with ✗.");
      out.flush();
    }
    return good ? 0 : Failures.FAILED;
  }

  /** One calm line where there is no GPU and nobody asked for one. */
  private static void addCuda(List<Finding> findings, CudaReport report, boolean needed, int gpu) {
    List<String> faults = report.faultsOf(gpu);
    boolean good = faults.isEmpty();
    if (!needed && report.devices().isEmpty()) {
      findings.add(
          new Finding(
              "cuda",
              good,
              false,
              "not on this machine, which only --device cuda needs: " + faults.getFirst()));
      return;
    }
    if (!report.driver().isEmpty()) {
      findings.add(new Finding("cuda driver", true, false, report.driver()));
    }
    for (CudaReport.Device found : report.devices()) {
      boolean chosen = found.index() == gpu;
      List<String> lines = new ArrayList<>(List.of(found.description()));
      lines.addAll(found.faults());
      findings.add(
          new Finding(
              "cuda:" + found.index(),
              found.faults().isEmpty(),
              needed && chosen,
              String.join("\n", lines)));
    }
    if (!report.libraries().isEmpty()) {
      findings.add(
          new Finding("cuda libraries", true, false, String.join("\n", report.libraries())));
    }
    if (!report.natives().isEmpty()) {
      findings.add(new Finding("cuda natives", true, false, report.natives()));
    }
    findings.add(
        new Finding(
            "cuda",
            good,
            needed,
            good ? "cuda:%d can be used".formatted(gpu) : String.join("\n", faults)));
  }

  /** A line per device; one calm line where there is none and nobody asked for one. */
  private static void addTornado(
      List<Finding> findings, TornadoReport report, boolean needed, int chosen) {
    for (int i = 0; i < report.devices().size(); i++) {
      findings.add(new Finding("tornado:" + i, true, false, report.devices().get(i)));
    }
    if (!report.fault().isEmpty()) {
      String text =
          needed
              ? report.fault()
              : "not on this machine, which only --device tornado needs: " + report.fault();
      findings.add(new Finding("tornado", false, needed, text));
    } else if (needed) {
      boolean good = chosen < report.devices().size();
      String text =
          good
              ? "tornado:%d can be used".formatted(chosen)
              : "there is no tornado:%d; use one of the %d above"
                  .formatted(chosen, report.devices().size());
      findings.add(new Finding("tornado", good, true, text));
    }
  }

  private static Finding java() {
    boolean good = Runtime.version().feature() >= REQUIRED_JAVA;
    String text =
        "%s, %s %s, in %s"
            .formatted(
                Runtime.version(),
                System.getProperty("os.name"),
                System.getProperty("os.arch"),
                System.getProperty("java.home"));
    return new Finding("java", good, good ? text : text + "; install a JDK 25 or newer");
  }

  private static Finding cores() {
    return new Finding("cores", true, Integer.toString(Runtime.getRuntime().availableProcessors()));
  }

  private static Finding memory() {
    long heap = Runtime.getRuntime().maxMemory();
    boolean good = heap >= HEAP_NEEDED;
    String text = "heap of at most %d MiB".formatted(heap >> 20);
    return new Finding("memory", good, good ? text : text + "; start with -Xmx512m or more");
  }

  /** Opens it, for only that shows whether it works; the reason is shown when it does not. */
  private static Finding backend(String device) {
    String name = "device " + device;
    try (Backend backend = Backends.open(device, Runtime.getRuntime().availableProcessors())) {
      return new Finding(name, true, backend.description());
    } catch (RuntimeException | LinkageError e) {
      return new Finding(name, false, String.valueOf(e.getMessage()));
    }
  }

  private static Finding disk() {
    Path here = Path.of("").toAbsolutePath();
    Path runs = Files.isDirectory(TrainCommand.RUNS) ? TrainCommand.RUNS.toAbsolutePath() : here;
    try {
      long free = Files.getFileStore(runs).getUsableSpace();
      List<String> faults = new ArrayList<>();
      if (!Files.isWritable(runs)) {
        faults.add("not writable: use another folder or --run-dir");
      }
      if (free < DISK_NEEDED) {
        faults.add("too little: free at least %d MiB".formatted(DISK_NEEDED >> 20));
      }
      String text = "%d MiB free in %s".formatted(free >> 20, runs);
      return new Finding(
          "disk",
          faults.isEmpty(),
          faults.isEmpty() ? text : text + "; " + String.join("; ", faults));
    } catch (IOException e) {
      return new Finding("disk", false, "cannot ask for free space in %s: %s".formatted(runs, e));
    }
  }

  /** With the settings a config has when it says nothing about code. */
  private static Finding programs() {
    try {
      return new Finding(
          "programs", true, false, "judged by " + CodeVerifiers.statement(CodeSettings.DEFAULTS));
    } catch (CodeException e) {
      return new Finding(
          "programs",
          false,
          false,
          "cannot be judged, which only such tasks need: " + e.getMessage());
    }
  }

  private Finding terminal() {
    return new Finding(
        "terminal",
        true,
        terminal.live()
            ? "%d columns, %s"
                .formatted(terminal.columns(), terminal.colour() ? "colours" : "no colours")
            : "none, progress is printed as plain lines");
  }
}
