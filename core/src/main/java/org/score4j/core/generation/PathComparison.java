package org.score4j.core.generation;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.score4j.core.model.DeviceBatch;
import org.score4j.core.model.PackedBatch;
import org.score4j.core.model.Parameters;
import org.score4j.core.model.Transformer;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/**
 * Runs one sequence the two ways a run computes it, token by token through the KV cache (sampling)
 * and at once over packed segments (training), and says layer by layer how far the residual stream
 * is apart. Where sampling and learning disagree, the first layer that stands out names the kernels
 * to look at.
 *
 * @param layers block inputs in order, then the normalised final hidden states
 */
public record PathComparison(List<Layer> layers) {
  /**
   * One place of the model.
   *
   * @param name {@code block 0} for its input, {@code final} for the head's input
   * @param maxDifference largest absolute difference of an element
   * @param maxValue largest absolute value in the packed pass, for scale
   */
  public record Layer(String name, double maxDifference, double maxValue) {}

  /**
   * Compares.
   *
   * @param cache with free pages for the sequence
   * @param arena for activations, used from its current mark and released
   * @param ids of the sequence
   */
  static PathComparison of(
      Transformer model, Parameters weights, KvCache cache, DeviceArena arena, int[] ids) {
    Ops ops = model.ops();
    int layers = model.config().numLayers();
    int width = model.config().hiddenSize();
    double[] difference = new double[layers + 1];
    double[] value = new double[layers + 1];
    List<float[]> packed = new ArrayList<>();
    long mark = arena.mark();
    try {
      PackedBatch.Builder builder = new PackedBatch.Builder();
      builder.addSequence(ids, ids.length);
      for (int t = 0; t < ids.length; t++) {
        builder.predict(t, ids[t]);
      }
      collect(ops, model.forward(weights, builder.build(), arena, true), packed);
      KvCache.Sequence sequence = cache.newSequence();
      try {
        for (int t = 0; t < ids.length; t++) {
          long perToken = arena.mark();
          List<float[]> cached = new ArrayList<>();
          collect(ops, oneToken(model, weights, cache, arena, sequence, ids[t], t), cached);
          arena.release(perToken);
          for (int l = 0; l <= layers; l++) {
            for (int i = 0; i < width; i++) {
              double here = packed.get(l)[t * width + i];
              value[l] = Math.max(value[l], Math.abs(here));
              difference[l] = Math.max(difference[l], Math.abs(here - cached.get(l)[i]));
            }
          }
        }
      } finally {
        cache.release(sequence);
      }
    } finally {
      arena.release(mark);
    }
    List<Layer> result = new ArrayList<>();
    for (int l = 0; l <= layers; l++) {
      result.add(new Layer(l < layers ? "block " + l : "final", difference[l], value[l]));
    }
    return new PathComparison(result);
  }

  private static Transformer.Forward oneToken(
      Transformer model,
      Parameters weights,
      KvCache cache,
      DeviceArena arena,
      KvCache.Sequence sequence,
      int id,
      int position) {
    Ops ops = model.ops();
    int[] slot = new int[1];
    cache.extend(sequence, 1, slot, 0);
    int[] table = new int[sequence.numPages()];
    for (int p = 0; p < table.length; p++) {
      table[p] = sequence.page(p);
    }
    Transformer.AttentionPath path =
        cache.path(
            model.ops(),
            DeviceBatch.upload(ops, arena, slot, 1),
            DeviceBatch.upload(ops, arena, table, table.length).reshape(Shape.of(1, table.length)),
            DeviceBatch.upload(ops, arena, new int[1], 1),
            DeviceBatch.upload(ops, arena, new int[] {position + 1}, 1),
            model.config());
    DeviceBatch batch =
        new DeviceBatch(
            DeviceBatch.upload(ops, arena, new int[] {id}, 1),
            DeviceBatch.upload(ops, arena, new int[] {position}, 1),
            null,
            null,
            null,
            null);
    return model.forward(weights, batch, path, arena, true);
  }

  private static void collect(Ops ops, Transformer.Forward forward, List<float[]> into) {
    for (Tensor input : forward.inputs()) {
      into.add(ops.downloadFloats(input));
    }
    into.add(ops.downloadFloats(forward.hidden()));
  }

  @Override
  public String toString() {
    return layers.stream()
        .map(
            l ->
                String.format(
                    Locale.ROOT, "%s %.2g of %.2g", l.name(), l.maxDifference(), l.maxValue()))
        .collect(Collectors.joining(", "));
  }
}
