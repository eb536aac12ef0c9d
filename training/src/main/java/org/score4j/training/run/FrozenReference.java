package org.score4j.training.run;

import java.nio.file.Path;
import org.score4j.checkpoints.HfModel;
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
   * @param resumed whether an earlier part of the run has kept it
   */
  static FrozenReference of(
      Ops ops, RunConfig config, Parameters policy, TrainingState state, boolean resumed) {
    LoraConfig lora = policy.lora().orElse(null);
    if (lora != null && config.base().steps() == 0) {
      return new FrozenReference(policy.base(), false);
    }
    Parameters frozen =
        lora == null
            ? new Parameters(ops, "reference", policy.config())
            : Parameters.adapted(ops, "reference", policy.base(), lora);
    try {
      if (resumed) {
        state.restoreReference(frozen);
      } else {
        if (config.model().referencePath().isEmpty()) {
          frozen.copyFrom(ops, policy);
        } else {
          copy(ops, frozen, Path.of(config.model().referencePath()));
        }
        state.saveReference(frozen);
      }
      return new FrozenReference(frozen, true);
    } catch (RuntimeException | Error e) {
      frozen.close();
      throw e;
    }
  }

  private static void copy(Ops ops, Parameters frozen, Path folder) {
    try (Parameters loaded = HfModel.load(ops, folder).weights()) {
      if (loaded.lora().isPresent() || !loaded.config().equals(frozen.config())) {
        throw new ConfigException(
            "model.referencePath %s has another shape than the policy; the reference must be the base the policy started from"
                .formatted(folder));
      }
      frozen.copyFrom(ops, loaded);
    }
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
