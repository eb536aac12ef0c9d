package org.score4j.training.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.score4j.checkpoints.CheckpointException;
import org.score4j.checkpoints.CheckpointFolder;
import org.score4j.checkpoints.FileHash;
import org.score4j.checkpoints.NamedData;
import org.score4j.checkpoints.StoredTensor;
import org.score4j.checkpoints.StoredType;
import org.score4j.core.model.Parameters;
import org.score4j.core.optim.AdamW;
import org.score4j.kernels.DType;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Tensor;

/**
 * What a run must remember to go on as if it had never stopped: weights, moments, and where it was.
 */
final class TrainingState {
  private static final String REFERENCE = "reference";
  private static final String REFERENCE_HASH = "reference_sha256";
  private static final String REFERENCE_MODEL = "reference_model";
  private static final String INPUTS = "inputs_sha256";
  private static final String MODELS = "models";

  /**
   * Where a run was.
   *
   * @param phase being trained
   * @param step steps of the phase done
   * @param globalStep steps of all phases done
   * @param sampledTokens drawn so far
   * @param mismatches log-probs that differed so far
   * @param seconds spent so far
   */
  record Progress(
      String phase,
      int step,
      long globalStep,
      long sampledTokens,
      long mismatches,
      double seconds) {}

  private final Ops ops;
  private final Path folder;
  private final int keep;
  private final String configHash;
  // What the run's states are bound to besides its config, by its name in a state's header.
  private final ObjectNode bound = JsonNodeFactory.instance.objectNode();
  private @Nullable JsonNode newestMeta;

  /**
   * States of a run.
   *
   * @param folder of checkpoints
   * @param keep how many of the newest are kept
   * @param configHash of the resolved config; a state of another config is refused
   */
  TrainingState(Ops ops, Path folder, int keep, String configHash) {
    this.ops = ops;
    this.folder = folder;
    this.keep = keep;
    this.configHash = configHash;
    RunFiles.createDirectories(folder);
  }

  /** Saves weights (the master weights, where there are any), moments and progress. */
  void save(Progress progress, Parameters weights, AdamW optimizer) {
    ObjectNode meta = JsonNodeFactory.instance.objectNode();
    meta.put("phase", progress.phase());
    meta.put("step", progress.step());
    meta.put("global_step", progress.globalStep());
    meta.put("optimizer_steps", optimizer.steps());
    meta.put("sampled_tokens", progress.sampledTokens());
    meta.put("logprob_mismatches", progress.mismatches());
    meta.put("seconds", progress.seconds());
    meta.put("config_sha256", configHash);
    meta.setAll(bound);
    List<NamedData> tensors = new ArrayList<>();
    collect(tensors, "weights", weights);
    collect(tensors, "adam_m", optimizer.firstMoment());
    collect(tensors, "adam_v", optimizer.secondMoment());
    CheckpointFolder.write(
        folder.resolve(CheckpointFolder.nameOf(progress.globalStep())), meta, tensors);
    CheckpointFolder.prune(folder, keep);
  }

  /** The newest state, if there is any; a damaged one is an error that says what to do. */
  Optional<Progress> newest() {
    if (!Files.isDirectory(folder)) {
      return Optional.empty();
    }
    List<Path> states = CheckpointFolder.list(folder);
    if (states.isEmpty()) {
      return Optional.empty();
    }
    try (CheckpointFolder state = CheckpointFolder.read(states.getFirst())) {
      JsonNode meta = state.meta();
      if (!meta.path("config_sha256").asText().equals(configHash)) {
        throw new CheckpointException(
            "checkpoint %s was made with another config; undo the changes to config.yaml or start a new run"
                .formatted(state.path()));
      }
      newestMeta = meta;
      return Optional.of(
          new Progress(
              meta.path("phase").asText(),
              meta.path("step").asInt(),
              meta.path("global_step").asLong(),
              meta.path("sampled_tokens").asLong(),
              meta.path("logprob_mismatches").asLong(),
              meta.path("seconds").asDouble()));
    }
  }

  /** Restores weights and moments of the state at {@code globalStep}. */
  void restore(long globalStep, Parameters weights, AdamW optimizer) {
    try (CheckpointFolder state =
        CheckpointFolder.read(folder.resolve(CheckpointFolder.nameOf(globalStep)))) {
      fill(state, "weights", weights);
      fill(state, "adam_m", optimizer.firstMoment());
      fill(state, "adam_v", optimizer.secondMoment());
      optimizer.restoreSteps(state.meta().path("optimizer_steps").asLong());
    }
  }

  /**
   * What the newest state was bound to: the hash of the inputs. Null where there is no state, empty
   * where an earlier version wrote it.
   */
  @Nullable String boundInputs() {
    return newestMeta == null ? null : newestMeta.path(INPUTS).asText();
  }

  /** Binds all later states to the inputs. */
  void bindInputs(String hash) {
    bound.put(INPUTS, hash);
  }

  /** The files of a phase's model that the newest state was bound to; empty where to none. */
  List<FileHash> boundModel(String phase) {
    List<FileHash> files = new ArrayList<>();
    if (newestMeta != null) {
      for (JsonNode file : newestMeta.path(MODELS).path(phase)) {
        files.add(
            new FileHash(
                file.path("name").asText(),
                file.path("bytes").asLong(),
                file.path("sha256").asText()));
      }
    }
    return files;
  }

  /** Binds all later states to a phase's model. */
  void bindModel(String phase, List<FileHash> files) {
    ArrayNode list = bound.withObject("/" + MODELS).putArray(phase);
    for (FileHash file : files) {
      list.addObject()
          .put("name", file.name())
          .put("bytes", file.bytes())
          .put("sha256", file.sha256());
    }
  }

  /**
   * Keeps the frozen reference for later resumes, in the types it has on the device, and binds all
   * later states to it.
   *
   * @param model where it comes from
   */
  void saveReference(Parameters reference, String model) {
    List<NamedData> tensors = new ArrayList<>();
    collect(tensors, REFERENCE, reference);
    ObjectNode meta = JsonNodeFactory.instance.objectNode().put("config_sha256", configHash);
    FileHash written = CheckpointFolder.write(folder.resolve(REFERENCE), meta, tensors);
    bound.put(REFERENCE_HASH, written.sha256());
    bound.put(REFERENCE_MODEL, model);
  }

  /** Where the reference comes from that the newest state was bound to; empty where to none. */
  String boundReferenceModel() {
    return newestMeta == null ? "" : newestMeta.path(REFERENCE_MODEL).asText();
  }

  /**
   * Opens the reference that was kept.
   *
   * @throws CheckpointException when it is damaged, or not the one of the newest state
   */
  CheckpointFolder openReference() {
    CheckpointFolder kept = CheckpointFolder.read(folder.resolve(REFERENCE));
    String hash = kept.tensorsHash().sha256();
    String wanted = boundReference();
    boolean own = kept.meta().path("config_sha256").asText().equals(configHash);
    if (own && (wanted.isEmpty() || hash.equals(wanted))) {
      bound.put(REFERENCE_HASH, hash);
      bound.put(REFERENCE_MODEL, boundReferenceModel());
      return kept;
    }
    kept.close();
    throw new CheckpointException(
        own
            ? "checkpoint %s is of another run: it has SHA-256 %s, the newest checkpoint goes with %s"
                .formatted(kept.path(), hash, wanted)
            : "checkpoint %s is of a run with another config".formatted(kept.path()));
  }

  /** Hash of the reference that the newest state was bound to; empty where to none. */
  private String boundReference() {
    return newestMeta == null ? "" : newestMeta.path(REFERENCE_HASH).asText();
  }

  /** Type of the matrices of a reference that was kept. */
  DType referenceType(CheckpointFolder kept) {
    StoredType stored = kept.tensors().tensor(REFERENCE + ".embed_tokens").dtype();
    return stored == StoredType.BF16 ? DType.BF16 : ops.floatType();
  }

  /** Restores the frozen reference. */
  void restoreReference(CheckpointFolder kept, Parameters reference) {
    fill(kept, REFERENCE, reference);
  }

  /**
   * Writes a reference that was computed anew, if it is the one that the newest state goes with.
   *
   * @return whether it is
   */
  boolean replaceReference(Parameters reference) {
    String wanted = boundReference();
    if (wanted.isEmpty()) {
      return false;
    }
    List<NamedData> tensors = new ArrayList<>();
    collect(tensors, REFERENCE, reference);
    if (!CheckpointFolder.hashOf(tensors).sha256().equals(wanted)) {
      return false;
    }
    saveReference(reference, boundReferenceModel());
    return true;
  }

  private void collect(List<NamedData> tensors, String set, Parameters parameters) {
    for (Map.Entry<String, Tensor> entry : parameters.named().entrySet()) {
      Tensor tensor = entry.getValue();
      boolean wide = tensor.dtype() == DType.F64;
      int n = Math.toIntExact(tensor.elements());
      tensors.add(
          new NamedData(
              set + "." + entry.getKey(),
              storedType(tensor),
              shape(tensor),
              sink -> {
                if (wide) {
                  sink.putDoubles(ops.downloadDoubles(tensor), 0, n);
                } else {
                  sink.putFloats(ops.downloadFloats(tensor), 0, n);
                }
              }));
    }
  }

  private void fill(CheckpointFolder state, String set, Parameters parameters) {
    for (Map.Entry<String, Tensor> entry : parameters.named().entrySet()) {
      Tensor tensor = entry.getValue();
      int n = Math.toIntExact(tensor.elements());
      StoredTensor stored = state.tensors().tensor(set + "." + entry.getKey());
      stored.requireShape(shape(tensor).stream().mapToLong(Long::longValue).toArray());
      stored.requireType(storedType(tensor));
      if (tensor.dtype() == DType.F64) {
        double[] values = new double[n];
        stored.toDoubles(0, values, 0, n);
        ops.upload(tensor, values);
      } else {
        float[] values = new float[n];
        stored.toFloats(0, values, 0, n);
        ops.upload(tensor, values);
      }
    }
  }

  /** What is trained in BF16 has master weights, and is kept as they are. */
  private StoredType storedType(Tensor tensor) {
    return switch (tensor.dtype()) {
      case F64 -> StoredType.F64;
      case BF16 -> ops.floatType() == DType.BF16 ? StoredType.F32 : StoredType.BF16;
      case F32, I32 -> StoredType.F32;
    };
  }

  private static List<Long> shape(Tensor tensor) {
    return tensor.shape().rank() == 1
        ? List.of((long) tensor.dim0())
        : List.of((long) tensor.dim0(), (long) tensor.dim1());
  }
}
