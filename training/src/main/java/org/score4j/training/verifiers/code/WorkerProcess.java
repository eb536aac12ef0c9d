package org.score4j.training.verifiers.code;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One warm worker. It has an empty environment. When this process ends, however it does, so does
 * the worker's input, upon which it ends at once with all that it started and removes its folder.
 * Used by one thread at a time.
 */
final class WorkerProcess implements AutoCloseable {
  private static final List<String> SOURCES =
      List.of(
          "kernel",
          "syscalls",
          "isolation",
          "wire",
          "candidate",
          "handles",
          "client",
          "faults",
          "tests",
          "execution",
          "worker");
  private static final String LOADER =
      """
      import sys, os, json, types
      def read(count):
          data = b""
          while len(data) < count:
              part = os.read(0, count - len(data))
              if not part:
                  sys.exit(1)
              data += part
          return data
      sys.path.pop(0)
      for name, source in json.loads(read(int.from_bytes(read(4), "big"))):
          module = types.ModuleType(name)
          sys.modules[name] = module
          exec(compile(source, name + ".py", "exec"), module.__dict__)
      sys.modules["worker"].main()
      """;
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int START_SECONDS = 120;
  // Behind the worker's own time limits, which it keeps in all but absurd cases.
  private static final int GRACE_SECONDS = 30;
  // Of worker.py: a candidate that waits for a processor most of the time gets it again, twice.
  private static final int MOST_WALL_TIMES = 3;
  private static final int CLOSE_SECONDS = 2;
  private static final int MAX_ANSWER = 64 << 20;

  private final Process process;
  // Without namespaces only: with them nothing of a worker is in any folder of the machine.
  private final @Nullable Path emptyFolder;
  private final DataOutputStream toWorker;
  private final DataInputStream fromWorker;
  private final ScheduledExecutorService watch;
  private final int wallSeconds;
  private final String statement;

  private WorkerProcess(
      Process process,
      @Nullable Path emptyFolder,
      ScheduledExecutorService watch,
      int wallSeconds,
      Map<String, Object> config)
      throws IOException {
    this.process = process;
    this.emptyFolder = emptyFolder;
    this.watch = watch;
    this.wallSeconds = wallSeconds;
    toWorker = new DataOutputStream(process.getOutputStream());
    fromWorker = new DataInputStream(process.getInputStream());
    write(JSON.writeValueAsBytes(sources()));
    write(JSON.writeValueAsBytes(config));
    toWorker.flush();
    JsonNode greeting = read(START_SECONDS);
    if (greeting.has("refused")) {
      throw new CodeException(
          "isolation '%s' cannot be had here (%s); programs are not run with less. Allow unprivileged user namespaces, or, for programs you trust, set code.isolation to process"
              .formatted(config.get("level"), greeting.get("refused").asText()));
    }
    statement = greeting.get("ready").asText();
  }

  /** Starts a worker and waits until it is warm. */
  static WorkerProcess start(
      PythonInterpreter python,
      Isolation isolation,
      CodeLimits limits,
      List<String> alsoReadable,
      ScheduledExecutorService watch) {
    @Nullable Path emptyFolder = null;
    @Nullable Process process = null;
    try {
      if (isolation == Isolation.PROCESS) {
        emptyFolder = Files.createTempDirectory("score4j-worker").toRealPath();
      }
      List<String> readable = new ArrayList<>(python.readable());
      readable.addAll(alsoReadable);
      Map<String, Object> config = new LinkedHashMap<>();
      config.put("level", isolation.label());
      config.put("emptyFolder", emptyFolder == null ? "" : emptyFolder.toString());
      config.put("readable", readable);
      config.put("sitePackages", python.sitePackages());
      config.put("cpuSeconds", limits.cpuSeconds());
      config.put("wallSeconds", limits.wallSeconds());
      config.put("memoryMiB", limits.memoryMiB());
      config.put("processes", limits.processes());
      config.put("scratchMiB", limits.scratchMiB());
      ProcessBuilder builder =
          new ProcessBuilder(
                  python.executable().toString(), "-s", "-S", "-B", "-X", "utf8", "-c", LOADER)
              .redirectError(ProcessBuilder.Redirect.DISCARD);
      builder.environment().clear();
      // The order of a set of strings, and so a verdict, must not change from run to run.
      builder.environment().put("PYTHONHASHSEED", "0");
      process = builder.start();
      return new WorkerProcess(process, emptyFolder, watch, limits.wallSeconds(), config);
    } catch (IOException | RuntimeException e) {
      if (process != null) {
        process.destroyForcibly();
      }
      remove(emptyFolder);
      throw e instanceof CodeException ours
          ? ours
          : new CodeException(
              "cannot start a worker with %s (Python %s): %s"
                  .formatted(python.executable(), python.version(), e.getMessage()),
              e);
    }
  }

  private static List<List<String>> sources() throws IOException {
    List<List<String>> sources = new ArrayList<>();
    for (String name : SOURCES) {
      String resource = "/verifiers/%s.py".formatted(name);
      try (InputStream stream = WorkerProcess.class.getResourceAsStream(resource)) {
        if (stream == null) {
          throw new IOException("resource %s is missing; build the jar anew".formatted(resource));
        }
        sources.add(List.of(name, new String(stream.readAllBytes(), UTF_8)));
      }
    }
    return sources;
  }

  /** What isolation is in force, for people. */
  String statement() {
    return statement;
  }

  /**
   * Runs one job.
   *
   * @param marker what kind of job it is
   * @throws IOException when the worker is lost; it is of no use any more
   */
  JsonNode run(char marker, Object job) throws IOException {
    toWorker.writeByte(marker);
    write(JSON.writeValueAsBytes(job));
    toWorker.flush();
    JsonNode answer = read(MOST_WALL_TIMES * wallSeconds + GRACE_SECONDS);
    if (answer.path("outcome").asText().equals("lost")) {
      throw new IOException(answer.path("reason").asText());
    }
    return answer;
  }

  private void write(byte[] frame) throws IOException {
    toWorker.writeInt(frame.length);
    toWorker.write(frame);
  }

  private JsonNode read(int seconds) throws IOException {
    ScheduledFuture<?> end = watch.schedule(process::destroyForcibly, seconds, TimeUnit.SECONDS);
    try {
      int length = fromWorker.readInt();
      if (length < 0 || length > MAX_ANSWER) {
        throw new IOException("an answer of %d bytes".formatted(length));
      }
      return JSON.readTree(fromWorker.readNBytes(length));
    } catch (EOFException e) {
      throw new IOException(
          "the worker ended (%s)"
              .formatted(end.isDone() ? "no answer in " + seconds + " s" : "killed, or a defect"),
          e);
    } finally {
      end.cancel(false);
    }
  }

  @Override
  public void close() {
    if (emptyFolder == null || !endsByItself()) {
      process.destroyForcibly();
    }
    process.onExit().join();
    remove(emptyFolder);
  }

  /** One without namespaces has its children to end and its folder to remove. */
  private boolean endsByItself() {
    try {
      process.getOutputStream().close();
      return process.waitFor(CLOSE_SECONDS, TimeUnit.SECONDS);
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Also what a killed worker has left in it, without following a candidate's links. */
  private static void remove(@Nullable Path folder) {
    if (folder == null || !Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException | UncheckedIOException e) {
      // Its owner can; a candidate may have taken this process the right to look into it.
      folder.toFile().deleteOnExit();
    }
  }
}
