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
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;
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

  private final Terminal terminal;

  @Spec private @Nullable CommandSpec spec;

  @Option(names = "--json", description = "one JSON document on stdout and nothing else there")
  private boolean json;

  /**
   * One finding.
   *
   * @param name what was looked at
   * @param good whether training can run with it
   * @param text what was found, and the fix where it is not good
   */
  private record Finding(String name, boolean good, String text) {}

  DoctorCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
    List<Finding> findings =
        List.of(
            java(), cores(), memory(), backend("cpu"), backend("reference"), disk(), terminal());
    boolean good = findings.stream().allMatch(Finding::good);
    if (json) {
      Map<String, @Nullable Object> document = new LinkedHashMap<>();
      document.put("can_train", good);
      for (Finding finding : findings) {
        document.put(finding.name(), Map.of("ok", finding.good(), "found", finding.text()));
      }
      JsonOutput.print(out, document);
    } else {
      for (Finding finding : findings) {
        out.println(
            "%s %-18s %s".formatted(finding.good() ? "✓" : "✗", finding.name(), finding.text()));
      }
      out.println(
          good ? "Training can run here." : "Training cannot run here yet; see the lines with ✗.");
      out.flush();
    }
    return good ? 0 : Failures.FAILED;
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
