package org.score4j.checkpoints;

import org.jspecify.annotations.Nullable;

/**
 * How a model is saved.
 *
 * @param dtype F32, BF16 or F16 for all tensors; null for each tensor's own in the source
 * @param maxShardBytes largest file of weights, unless one tensor alone is larger
 */
public record SaveOptions(@Nullable StoredType dtype, long maxShardBytes) {
  /** As Hugging Face: 5 GB. */
  public static final long DEFAULT_SHARD_BYTES = 5_000_000_000L;

  /** The source's types, shards of Hugging Face's size. */
  public static final SaveOptions DEFAULT = new SaveOptions(null, DEFAULT_SHARD_BYTES);

  public SaveOptions {
    if (dtype != null
        && dtype != StoredType.F32
        && dtype != StoredType.BF16
        && dtype != StoredType.F16) {
      throw new CheckpointException(
          "models are saved as F32, BF16 or F16, not as " + dtype + "; choose one of them");
    }
    if (maxShardBytes < 1) {
      throw new CheckpointException(
          "the largest shard is " + maxShardBytes + " bytes; give a positive number");
    }
  }
}
