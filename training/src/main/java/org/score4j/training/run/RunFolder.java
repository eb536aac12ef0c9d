package org.score4j.training.run;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.score4j.checkpoints.AtomicFile;
import org.score4j.checkpoints.CheckpointException;
import org.score4j.checkpoints.RunLock;
import org.score4j.training.config.ConfigLoader;
import org.score4j.training.config.ConfigWriter;
import org.score4j.training.config.RunConfig;

/**
 * The folder of one run, locked for this process until closed: {@code config.yaml}, {@code
 * inputs.json}, {@code metrics.jsonl}, {@code samples.jsonl}, {@code evaluations.jsonl}, {@code
 * checkpoints/}, {@code models/}, {@code report.md}, {@code report.html}.
 */
public final class RunFolder implements AutoCloseable {
  /** The resolved config; what makes a folder a run folder. */
  public static final String CONFIG = "config.yaml";

  private static final String LOCK = "run.lock";
  private static final Pattern UNFINISHED = Pattern.compile("\\.tmp-.*-config\\.yaml");
  private static final int MAX_RUNS_OF_A_NAME = 100_000;

  private final Path path;
  private final RunConfig config;
  private final String configText;
  private final RunLock lock;

  private RunFolder(Path path, RunConfig config, String configText, RunLock lock) {
    this.path = path;
    this.config = config;
    this.configText = configText;
    this.lock = lock;
  }

  /**
   * A new folder {@code name-seed} in {@code parent}, or {@code name-seed-2} and so on where that
   * exists.
   */
  public static RunFolder create(Path parent, RunConfig config) {
    makeParents(parent);
    String stem = config.name() + "-" + config.seed();
    for (int number = 1; number <= MAX_RUNS_OF_A_NAME; number++) {
      Path folder = parent.resolve(number == 1 ? stem : stem + "-" + number);
      try {
        Files.createDirectory(folder);
      } catch (FileAlreadyExistsException e) {
        continue;
      } catch (IOException e) {
        throw FileErrors.cannot("create run folder", folder, e);
      }
      return begin(folder, config);
    }
    throw new CheckpointException(
        "%s holds %d runs named %s; choose another folder with --run-dir"
            .formatted(parent, MAX_RUNS_OF_A_NAME, stem));
  }

  /** A new run in exactly this folder, which must be empty or not exist. */
  public static RunFolder createAt(Path folder, RunConfig config) {
    if (Files.exists(folder)) {
      if (!Files.isDirectory(folder)) {
        throw new CheckpointException(
            "run folder %s is a file; choose another folder with --run-dir".formatted(folder));
      }
      if (Files.exists(folder.resolve(CONFIG))) {
        throw new CheckpointException(
            "run folder %s holds a run already; continue it with --resume %s, or choose another folder with --run-dir"
                .formatted(folder, folder));
      }
      if (!neverBegan(folder)) {
        throw new CheckpointException(
            "run folder %s is not empty and holds no run; choose another folder with --run-dir"
                .formatted(folder));
      }
    }
    makeParents(folder);
    return begin(folder, config);
  }

  /**
   * Whether a folder holds at most what a process leaves that is killed before it has written the
   * config: its lock, and the config under a temporary name, which taking the lock clears away.
   */
  private static boolean neverBegan(Path folder) {
    try (Stream<Path> content = Files.list(folder)) {
      return content.allMatch(
          file -> file.endsWith(LOCK) || UNFINISHED.matcher(name(file)).matches());
    } catch (IOException e) {
      throw FileErrors.cannot("read run folder", folder, e);
    }
  }

  private static String name(Path file) {
    return file.getFileName().toString();
  }

  private static void makeParents(Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw FileErrors.cannot("create run folder", folder, e);
    }
  }

  private static RunFolder begin(Path folder, RunConfig config) {
    RunLock lock = RunLock.acquire(folder);
    try {
      if (Files.exists(folder.resolve(CONFIG))) {
        throw new CheckpointException(
            "run folder %s holds a run that another process has just begun; choose another folder with --run-dir"
                .formatted(folder));
      }
      String text = ConfigWriter.write(config);
      AtomicFile.writeText(folder.resolve(CONFIG), text);
      return new RunFolder(folder, config, text, lock);
    } catch (RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  /** The folder of a run that was interrupted, with the config it was started with. */
  public static RunFolder resume(Path folder) {
    Path file = folder.resolve(CONFIG);
    if (!Files.exists(file) && Files.exists(folder.resolve(LOCK)) && neverBegan(folder)) {
      throw new CheckpointException(
          "%s holds no run yet: it was ended before its %s was written; start it with the command that it was started with, such as score4j train --run-dir %s"
              .formatted(folder, CONFIG, folder));
    }
    if (!Files.isRegularFile(file)) {
      throw new CheckpointException(
          "%s is no run folder: it has no %s; --resume takes the folder that a run printed, such as runs/score-0"
              .formatted(folder, CONFIG));
    }
    RunLock lock = RunLock.acquire(folder);
    try {
      RunConfig config = ConfigLoader.load(file.toString(), Map.of());
      return new RunFolder(folder, config, Files.readString(file), lock);
    } catch (IOException e) {
      lock.close();
      throw FileErrors.cannot("read", file, e);
    } catch (RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  /** Where it is. */
  public Path path() {
    return path;
  }

  /** The resolved config. */
  public RunConfig config() {
    return config;
  }

  /** SHA-256 of {@code config.yaml}: a checkpoint of another config is not resumed from. */
  public String configHash() {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(configText.getBytes(UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  @Override
  public void close() {
    lock.close();
  }
}
