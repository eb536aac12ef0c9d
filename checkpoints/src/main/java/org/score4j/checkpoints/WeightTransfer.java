package org.score4j.checkpoints;

import java.io.IOException;
import java.util.List;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/** Weights between files and a device, in pieces. */
final class WeightTransfer {
  /** Takes count values from an index on; together they are the tensor's, in the file's order. */
  @FunctionalInterface
  interface Sink {
    void accept(float[] values, int from, int count) throws IOException;
  }

  private static final int PIECE = 1 << 20;

  private WeightTransfer() {}

  /**
   * Fills all tensors.
   *
   * @param entries in the order in which damage is reported; types and shapes have been checked
   */
  static void load(Ops ops, SafetensorsFolder files, List<WeightNames.Entry> entries) {
    try (WeightLoader loader = new WeightLoader(ops, files, entries)) {
      loader.run();
    }
  }

  /** An entry's values in the file's order, in pieces. */
  static void read(Ops ops, WeightNames.Entry entry, Sink sink) throws IOException {
    Tensor tensor = entry.tensor();
    if (!entry.transposed()) {
      for (long from = 0; from < entry.elements(); from += PIECE) {
        int n = (int) Math.min(PIECE, entry.elements() - from);
        sink.accept(ops.downloadFloats(flat(tensor, entry.firstColumn() + from, n)), 0, n);
      }
      return;
    }
    int inputs = tensor.dim0();
    int width = tensor.dim1();
    int block = Math.max(1, PIECE / width);
    float[] values = new float[Math.toIntExact(entry.elements())];
    for (int first = 0; first < inputs; first += block) {
      int n = Math.min(block, inputs - first);
      float[] columns = ops.downloadFloats(tensor.rows(first, first + n));
      for (int r = 0; r < entry.rows(); r++) {
        for (int i = 0; i < n; i++) {
          values[r * inputs + first + i] = columns[i * width + entry.firstColumn() + r];
        }
      }
    }
    for (int from = 0; from < values.length; from += PIECE) {
      sink.accept(values, from, Math.min(PIECE, values.length - from));
    }
  }

  /** Some elements of a tensor, as a vector. */
  static Tensor flat(Tensor tensor, long from, int n) {
    return new Tensor(
        tensor.buffer(),
        tensor.byteOffset() + from * tensor.dtype().byteSize(),
        tensor.dtype(),
        Shape.of(n));
  }
}
