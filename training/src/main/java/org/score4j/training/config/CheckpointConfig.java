package org.score4j.training.config;

import org.score4j.checkpoints.SaveOptions;
import org.score4j.checkpoints.StoredType;
import org.score4j.training.settings.ConfigException;
import org.score4j.training.settings.Ranges;

/**
 * When the training state is saved, and how models are.
 *
 * @param everySteps steps between states; 0 for only at the end of a phase
 * @param keep how many of the newest states are kept
 * @param dtype of saved models: {@code f32}, {@code bf16} or {@code f16}; {@code source} for each
 *     tensor's type in {@code model.path}, F32 without one
 * @param maxShardBytes largest file of a saved model's weights
 */
public record CheckpointConfig(int everySteps, int keep, String dtype, long maxShardBytes) {
  /** Refuses to keep none, and what weights cannot be stored as. */
  public CheckpointConfig {
    Ranges.atLeast("checkpoints.everySteps", everySteps, 0);
    Ranges.atLeast("checkpoints.keep", keep, 1);
    if (maxShardBytes < 1) {
      throw new ConfigException(
          "checkpoints.maxShardBytes is %d; it must be at least 1".formatted(maxShardBytes));
    }
    options(dtype, maxShardBytes);
  }

  /** How models are saved. */
  public SaveOptions saveOptions() {
    return options(dtype, maxShardBytes);
  }

  private static SaveOptions options(String dtype, long maxShardBytes) {
    return switch (dtype) {
      case "source" -> new SaveOptions(null, maxShardBytes);
      case "f32" -> new SaveOptions(StoredType.F32, maxShardBytes);
      case "bf16" -> new SaveOptions(StoredType.BF16, maxShardBytes);
      case "f16" -> new SaveOptions(StoredType.F16, maxShardBytes);
      default ->
          throw new ConfigException(
              "checkpoints.dtype is '%s'; it must be source, f32, bf16 or f16".formatted(dtype));
    };
  }
}
