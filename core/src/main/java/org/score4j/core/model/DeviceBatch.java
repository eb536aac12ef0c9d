package org.score4j.core.model;

import org.jspecify.annotations.Nullable;
import org.score4j.kernels.DType;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/**
 * The indices of a pass on the device.
 *
 * @param ids (T) I32
 * @param positions (T) I32
 * @param segments (numSegments, 4) I32, null where tokens see the KV cache
 * @param readRows (R) I32, null where every row is read
 * @param headRows (N) I32, null where prediction n reads row n
 * @param targets (N) I32, null where nothing is scored
 */
public record DeviceBatch(
    Tensor ids,
    Tensor positions,
    @Nullable Tensor segments,
    @Nullable Tensor readRows,
    @Nullable Tensor headRows,
    @Nullable Tensor targets) {

  /** The segments of a packed batch, or an error where tokens see the KV cache. */
  Tensor requireSegments() {
    if (segments == null) {
      throw new IllegalStateException(
          "transformer: this pass needs packed segments; was the forward pass run through the KV"
              + " cache?");
    }
    return segments;
  }

  /** Checks every index against the model and uploads the batch. */
  static DeviceBatch upload(Ops ops, DeviceArena arena, ModelConfig config, PackedBatch batch) {
    checkRange(
        "token id",
        batch.ids(),
        config.vocabSize(),
        "the tokenizer and the model's vocab_size disagree");
    checkRange(
        "target id",
        batch.targets(),
        config.vocabSize(),
        "the tokenizer and the model's vocab_size disagree");
    checkRange(
        "position",
        batch.positions(),
        config.maxPositions(),
        "shorten the sequence or raise max_position_embeddings");
    boolean all = batch.numReadRows() == batch.numTokens();
    return new DeviceBatch(
        upload(ops, arena, batch.ids(), 1),
        upload(ops, arena, batch.positions(), 1),
        upload(ops, arena, batch.segments(), 4),
        all ? null : upload(ops, arena, batch.readRows(), 1),
        batch.headRowsAreIdentity() ? null : upload(ops, arena, batch.headRows(), 1),
        upload(ops, arena, batch.targets(), 1));
  }

  private static void checkRange(String what, int[] values, int limit, String remedy) {
    for (int i = 0; i < values.length; i++) {
      if (values[i] < 0 || values[i] >= limit) {
        throw new IllegalArgumentException(
            "batch: %s %d at index %d is outside 0..%d; %s"
                .formatted(what, values[i], i, limit - 1, remedy));
      }
    }
  }

  /** Copies an index array to the device as (n / columns, columns). */
  public static Tensor upload(Ops ops, DeviceArena arena, int[] values, int columns) {
    Shape shape =
        columns == 1 ? Shape.of(values.length) : Shape.of(values.length / columns, columns);
    Tensor tensor = arena.allocate(DType.I32, shape);
    ops.upload(tensor, values);
    return tensor;
  }
}
