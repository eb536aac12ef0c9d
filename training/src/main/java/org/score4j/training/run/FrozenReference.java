package org.score4j.training.run;

import java.nio.file.Path;
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
   * @param resumed whether an earlier part of the run has kept it
   */
  static FrozenReference of(
      Ops ops, RunConfig config, Parameters policy, TrainingState state, boolean resumed) {
    LoraConfig lora = policy.lora().orElse(null);
    if (lora != null && config.base().steps() == 0) {
      return new FrozenReference(policy.base(), false);
    }
    String path = config.model().referencePath();
    Parameters frozen;
    if (lora != null) {
      frozen = Parameters.adapted(ops, "reference", policy.base(), lora);
    } else if (resumed) {
      frozen = Parameters.frozen(ops, "reference", policy.config(), state.referenceType());
    } else if (path.isEmpty()) {
      frozen = new Parameters(ops, "reference", policy.config());
    } else {
      frozen = load(ops, policy, Path.of(path));
    }
    try {
      if (resumed) {
        state.restoreReference(frozen);
      } else {
        if (path.isEmpty()) {
          frozen.copyFrom(ops, policy);
        }
        state.saveReference(frozen);
      }
      return new FrozenReference(frozen, true);
    } catch (RuntimeException | Error e) {
      frozen.close();
      throw e;
    }
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
