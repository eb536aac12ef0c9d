package org.score4j.training.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.score4j.checkpoints.CheckpointException;
import org.score4j.checkpoints.CheckpointFolder;
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
   * Keeps the frozen reference for later resumes, in the types it has on the device.
   *
   * @param model where it comes from
   */
  void saveReference(Parameters reference, String model) {
    List<NamedData> tensors = new ArrayList<>();
    collect(tensors, REFERENCE, reference);
    ObjectNode meta =
        JsonNodeFactory.instance.objectNode().put("config_sha256", configHash).put("model", model);
    CheckpointFolder.write(folder.resolve(REFERENCE), meta, tensors);
  }

  /** Where the reference that was kept comes from; empty where none was. */
  Optional<String> referenceModel() {
    if (!Files.isDirectory(folder.resolve(REFERENCE))) {
      return Optional.empty();
    }
    try (CheckpointFolder kept = CheckpointFolder.read(folder.resolve(REFERENCE))) {
      return Optional.of(kept.meta().path("model").asText());
    }
  }

  /** Type of the matrices of the reference that was kept. */
  DType referenceType() {
    try (CheckpointFolder state = CheckpointFolder.read(folder.resolve(REFERENCE))) {
      StoredType stored = state.tensors().tensor(REFERENCE + ".embed_tokens").dtype();
      return stored == StoredType.BF16 ? DType.BF16 : ops.floatType();
    }
  }

  /**
   * Restores the frozen reference.
   *
   * @param model where it must come from
   */
  void restoreReference(Parameters reference, String model) {
    try (CheckpointFolder state = CheckpointFolder.read(folder.resolve(REFERENCE))) {
      String kept = state.meta().path("model").asText();
      if (!kept.equals(model)) {
        throw new CheckpointException(
            "%s holds the reference \"%s\", the phase needs \"%s\"; the folder is not of this run, start the run again"
                .formatted(state.path(), kept, model));
      }
      fill(state, REFERENCE, reference);
    }
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
