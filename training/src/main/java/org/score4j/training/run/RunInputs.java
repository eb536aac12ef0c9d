package org.score4j.training.run;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.score4j.checkpoints.AtomicFile;
import org.score4j.checkpoints.CheckpointException;
import org.score4j.checkpoints.FileHash;
import org.score4j.checkpoints.ModelFiles;
import org.score4j.tokenizer.HuggingFaceTokenizer;
import org.score4j.training.config.PhaseConfig;
import org.score4j.training.config.RunConfig;

/**
 * The files outside a run folder that its result depends on, bound to it: the model it starts from
 * with its tokenizer, the reference, the problems. {@code inputs.json} lists their sizes and hashes
 * from the start of the run, and every state the hash of that file; a resumed run goes on only from
 * the same bytes, since the same weights are promised after any interruption.
 *
 * <p>Files up to {@value #SMALL_BYTES} bytes are read at once, so that a changed one is named
 * before anything is made of it; larger ones, weights, by other threads while the model is loaded
 * from the same pages, and waited for before the first step.
 */
final class RunInputs implements AutoCloseable {
  /** In the run folder. */
  static final String FILE = "inputs.json";

  private static final long SMALL_BYTES = 64L << 20;
  private static final int THREADS = 4;
  private static final String FORMAT = "score4j-inputs";
  private static final int VERSION = 1;
  private static final ObjectMapper MAPPER = JsonMapper.builder().build();

  /**
   * What it is for.
   *
   * @param key of the config, such as {@code task.text.trainFile}
   * @param path of the file
   */
  private record Input(String key, Path path) {
    /** As it is listed. */
    String name() {
      return key + " " + path;
    }
  }

  private final Path file;
  private final Map<String, CompletableFuture<FileHash>> hashes = new LinkedHashMap<>();
  private final ExecutorService readers =
      Executors.newFixedThreadPool(
          THREADS,
          task -> {
            Thread thread = new Thread(task, "input-hashes");
            thread.setDaemon(true);
            return thread;
          });

  private RunInputs(Path runFolder) {
    file = runFolder.resolve(FILE);
  }

  /**
   * Begins to read them.
   *
   * @throws CheckpointException when the run has begun before and a small file is another one now
   */
  static RunInputs read(RunConfig config, Path runFolder) {
    RunInputs inputs = new RunInputs(runFolder);
    try {
      for (Input input : of(config)) {
        String name = input.name();
        if (Files.size(input.path()) <= SMALL_BYTES) {
          FileHash hash = FileHash.of(name, input.path());
          inputs.hashes.put(name, CompletableFuture.completedFuture(hash));
        } else {
          inputs.hashes.put(
              name,
              CompletableFuture.supplyAsync(() -> FileHash.of(name, input.path()), inputs.readers));
        }
      }
      inputs.compareSmall();
      return inputs;
    } catch (IOException e) {
      inputs.close();
      throw FileErrors.cannot("read the inputs of", runFolder, e);
    } catch (RuntimeException e) {
      inputs.close();
      throw e;
    }
  }

  /** Those that are there: what is missing is said by whoever needs it. */
  private static List<Input> of(RunConfig config) {
    Set<Input> inputs = new LinkedHashSet<>();
    addModel(inputs, "model.path", config.model().path());
    for (PhaseConfig phase : config.phases()) {
      config
          .folderOf(phase.from())
          .ifPresent(from -> addModel(inputs, phase.name() + ".from", from));
      config
          .folderOf(phase.reference())
          .ifPresent(reference -> addModel(inputs, phase.name() + ".reference", reference));
    }
    if (config.task().isText()) {
      addFile(inputs, "task.text.trainFile", config.task().text().trainFile());
      addFile(inputs, "task.text.heldOutFile", config.task().text().heldOutFile());
    }
    return List.copyOf(inputs);
  }

  private static void addModel(Set<Input> inputs, String key, String folder) {
    if (!folder.isEmpty()) {
      for (Path one : ModelFiles.of(Path.of(folder), HuggingFaceTokenizer.FILES)) {
        inputs.add(new Input(key, one));
      }
    }
  }

  private static void addFile(Set<Input> inputs, String key, String path) {
    if (!path.isEmpty() && Files.isRegularFile(Path.of(path))) {
      inputs.add(new Input(key, Path.of(path)));
    }
  }

  /**
   * Binds them to a run that begins.
   *
   * @return the hash that states keep
   */
  String bind() {
    byte[] json = json();
    AtomicFile.writeText(file, new String(json, UTF_8));
    return sha256(json);
  }

  /**
   * Checks that they are those of a run that goes on.
   *
   * @param bound the hash in its newest state; empty where it has none, null where there is no
   *     state
   * @param notices takes what was mended
   * @return the hash that states keep
   */
  String check(@Nullable String bound, Consumer<String> notices) {
    byte[] now = json();
    String hash = sha256(now);
    byte[] recorded = recorded();
    boolean unbound = bound == null || bound.isEmpty();
    if (bound != null && unbound && recorded == null) {
      notices.accept(
          "warning: an earlier version of score4j began this run and bound no inputs to it; the"
              + " files it reads are bound to it as they are now");
      return bind();
    }
    if (!unbound && (recorded == null || !sha256(recorded).equals(bound))) {
      if (!hash.equals(bound)) {
        throw new CheckpointException(
            "%s is %s, and the inputs of the run are not those of its newest checkpoint; put %s back from a copy to see which file has changed, or start a new run"
                .formatted(file, recorded == null ? "missing" : "damaged", FILE));
      }
      notices.accept(
          "%s was %s and is written again; the inputs are those of the newest checkpoint"
              .formatted(file, recorded == null ? "missing" : "damaged"));
      return bind();
    }
    if (recorded == null) {
      // Killed before the first state and before the file was written.
      return bind();
    }
    compare(hashes.keySet(), true);
    return hash;
  }

  private void compareSmall() {
    List<String> known = new ArrayList<>();
    hashes.forEach(
        (name, hash) -> {
          if (hash.isDone()) {
            known.add(name);
          }
        });
    if (Files.exists(file)) {
      compare(known, false);
    }
  }

  /** Refuses the first file that differs; {@code all}: files that are not listed as well. */
  private void compare(Iterable<String> names, boolean all) {
    byte[] bytes = recorded();
    if (bytes == null) {
      return;
    }
    Map<String, FileHash> listed;
    try {
      listed = listed(bytes);
    } catch (IOException e) {
      if (all) {
        throw new CheckpointException(
            "%s is damaged (%s); delete it to bind the run to its inputs as they are now, if you know that they are unchanged"
                .formatted(file, reason(e)),
            e);
      }
      // A state's hash may tell that the inputs are right all the same.
      return;
    }
    for (String name : names) {
      FileHash was = listed.get(name);
      FileHash is = hash(name);
      if (was == null) {
        throw new CheckpointException(
            "%s was not there when the run in %s began, and would be read; remove it, or start a new run"
                .formatted(name, file.getParent()));
      }
      if (!was.equals(is)) {
        throw new CheckpointException(
            "%s has changed since the run in %s began: it had %d bytes with SHA-256 %s, it has %d with %s; put the old file back, or start a new run"
                .formatted(
                    name, file.getParent(), was.bytes(), was.sha256(), is.bytes(), is.sha256()));
      }
    }
    for (String name : listed.keySet()) {
      if (!hashes.containsKey(name)) {
        throw new CheckpointException(
            "%s is missing, which was there when the run in %s began, with SHA-256 %s; put it back, or start a new run"
                .formatted(name, file.getParent(), listed.get(name).sha256()));
      }
    }
  }

  private static String reason(IOException failure) {
    return failure instanceof JsonProcessingException json
        ? json.getOriginalMessage()
        : String.valueOf(failure.getMessage());
  }

  private static Map<String, FileHash> listed(byte[] bytes) throws IOException {
    JsonNode root = MAPPER.readTree(bytes);
    if (!root.path("format").asText().equals(FORMAT)
        || root.path("version").asInt() != VERSION
        || !root.path("files").isArray()) {
      throw new IOException("it is no list of inputs of version " + VERSION);
    }
    Map<String, FileHash> listed = new LinkedHashMap<>();
    for (JsonNode one : root.path("files")) {
      FileHash hash =
          new FileHash(
              one.path("name").asText(), one.path("bytes").asLong(), one.path("sha256").asText());
      listed.put(hash.name(), hash);
    }
    return listed;
  }

  private byte @Nullable [] recorded() {
    if (!Files.isRegularFile(file)) {
      return null;
    }
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw FileErrors.cannot("read", file, e);
    }
  }

  private byte[] json() {
    ObjectNode root = MAPPER.createObjectNode().put("format", FORMAT).put("version", VERSION);
    ArrayNode files = root.putArray("files");
    for (String name : hashes.keySet()) {
      FileHash hash = hash(name);
      files.addObject().put("name", name).put("bytes", hash.bytes()).put("sha256", hash.sha256());
    }
    return (root.toPrettyString() + "\n").getBytes(UTF_8);
  }

  private FileHash hash(String name) {
    CompletableFuture<FileHash> hash = hashes.get(name);
    if (hash == null) {
      throw new IllegalStateException(name + " is not read");
    }
    try {
      return hash.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException own ? own : e;
    }
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** Ends the reading. */
  @Override
  public void close() {
    readers.shutdownNow();
  }
}
