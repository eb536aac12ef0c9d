package org.score4j.training.run;

import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.score4j.checkpoints.AdapterFolder;
import org.score4j.checkpoints.CheckpointException;
import org.score4j.checkpoints.CheckpointFolder;
import org.score4j.checkpoints.HfModel;
import org.score4j.checkpoints.WeightUse;
import org.score4j.core.model.LoraConfig;
import org.score4j.core.model.Parameters;
import org.score4j.kernels.Ops;
import org.score4j.training.config.ConfigException;
import org.score4j.training.config.RunConfig;

/**
 * π_ref: the model reinforcement learning starts from, or the one at {@code model.referencePath}. A
 * copy of all weights; with adapters, the base with its adapters off, or with a copy of those that
 * supervised training has made. Shares no memory with anything that is updated.
 */
final class FrozenReference implements AutoCloseable {
  private final Parameters weights;
  private final boolean owned;

  private FrozenReference(Parameters weights, boolean owned) {
    this.weights = weights;
    this.owned = owned;
  }

  /**
   * Makes it, and keeps it for later resumes.
   *
   * @param policy as it is before its first update
   * @param origin what the first phase begins with, for a run without supervised training
   * @param baseModel folder of the model after supervised training
   * @param resumed whether an earlier part of the run has kept it
   * @param notices takes what was mended
   */
  static FrozenReference of(
      Ops ops,
      RunConfig config,
      Parameters policy,
      Supplier<Parameters> origin,
      Path baseModel,
      TrainingState state,
      boolean resumed,
      Consumer<String> notices) {
    LoraConfig lora = policy.lora().orElse(null);
    if (lora != null && config.base().steps() == 0) {
      return new FrozenReference(policy.base(), false);
    }
    if (resumed) {
      return resumed(ops, config, policy, origin, baseModel, state, notices);
    }
    String path = config.model().referencePath();
    Parameters frozen;
    if (lora != null) {
      frozen = Parameters.adapted(ops, "reference", policy.base(), lora);
    } else if (path.isEmpty()) {
      frozen = new Parameters(ops, "reference", policy.config());
    } else {
      frozen = load(ops, policy, Path.of(path));
    }
    try {
      if (path.isEmpty()) {
        frozen.copyFrom(ops, policy);
      }
      state.saveReference(frozen);
      return new FrozenReference(frozen, true);
    } catch (RuntimeException | Error e) {
      frozen.close();
      throw e;
    }
  }

  private static FrozenReference resumed(
      Ops ops,
      RunConfig config,
      Parameters policy,
      Supplier<Parameters> origin,
      Path baseModel,
      TrainingState state,
      Consumer<String> notices) {
    try (CheckpointFolder kept = state.openReference()) {
      Parameters frozen =
          policy.lora().isPresent()
              ? Parameters.adapted(ops, "reference", policy.base(), policy.lora().get())
              : Parameters.frozen(ops, "reference", policy.config(), state.referenceType(kept));
      try {
        state.restoreReference(kept, frozen);
        return new FrozenReference(frozen, true);
      } catch (RuntimeException | Error e) {
        frozen.close();
        throw e;
      }
    } catch (CheckpointException e) {
      return madeAgain(ops, config, policy, origin, baseModel, state, notices, e);
    }
  }

  /**
   * The reference from what it was made of. Only the same bytes are taken, which the newest state
   * knows by their hash.
   */
  private static FrozenReference madeAgain(
      Ops ops,
      RunConfig config,
      Parameters policy,
      Supplier<Parameters> origin,
      Path baseModel,
      TrainingState state,
      Consumer<String> notices,
      CheckpointException damage) {
    String path = config.model().referencePath();
    String source;
    Parameters frozen;
    if (!path.isEmpty() && policy.lora().isEmpty()) {
      source = path;
      frozen = load(ops, policy, Path.of(path));
    } else if (config.base().steps() == 0) {
      source = "what the run began with";
      frozen = origin.get();
    } else {
      source = baseModel.toString();
      try {
        frozen =
            policy.lora().isPresent()
                ? AdapterFolder.loadOnto(ops, policy.base(), baseModel)
                : HfModel.load(ops, baseModel).weights();
      } catch (CheckpointException e) {
        throw lost(damage, source);
      }
    }
    try {
      if (!state.replaceReference(frozen)) {
        throw lost(damage, source);
      }
      notices.accept("%s; it was made again from %s".formatted(reason(damage), source));
      return new FrozenReference(frozen, true);
    } catch (RuntimeException | Error e) {
      frozen.close();
      throw e;
    }
  }

  private static CheckpointException lost(CheckpointException damage, String source) {
    return new CheckpointException(
        "%s, and the same one cannot be made again from %s; put the folder back from a copy, or start a new run"
            .formatted(reason(damage), source),
        damage);
  }

  /** What is wrong, without the advice for checkpoints in general. */
  private static String reason(CheckpointException damage) {
    String message = String.valueOf(damage.getMessage());
    int advice = message.lastIndexOf("; ");
    return advice < 0 ? message : message.substring(0, advice);
  }

  private static Parameters load(Ops ops, Parameters policy, Path folder) {
    Parameters loaded = HfModel.load(ops, folder, WeightUse.FROZEN).weights();
    if (loaded.lora().isPresent() || !loaded.config().equals(policy.config())) {
      loaded.close();
      throw new ConfigException(
          "model.referencePath %s has another shape than the policy; the reference must be the base the policy started from"
              .formatted(folder));
    }
    return loaded;
  }

  Parameters weights() {
    return weights;
  }

  @Override
  public void close() {
    if (owned) {
      weights.close();
    }
  }
}
