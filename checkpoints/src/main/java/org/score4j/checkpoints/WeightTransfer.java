package org.score4j.checkpoints;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.List;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/**
 * Weights between files and a device, in pieces: whatever a model's size, a load holds the pages of
 * one tensor and a buffer of four megabytes besides the weights themselves.
 */
final class WeightTransfer {
  /** Takes count values from an index on; together they are the tensor's, in the file's order. */
  @FunctionalInterface
  interface Sink {
    void accept(float[] values, int from, int count) throws IOException;
  }

  private static final int PIECE = 1 << 20;

  // Values are moved by tiles of so many outputs and inputs, read and written within the first
  // cache.
  private static final int OUTPUTS = 16;
  private static final int INPUTS = 64;

  private final Ops ops;
  private final SafetensorsFolder files;
  private final float[] piece = new float[PIECE];
  private final float[] tile = new float[OUTPUTS * INPUTS];

  WeightTransfer(Ops ops, SafetensorsFolder files) {
    this.ops = ops;
    this.files = files;
  }

  /**
   * Fills a tensor.
   *
   * @param parts all entries that share it
   */
  void load(Tensor tensor, List<WeightNames.Entry> parts) {
    if (parts.getFirst().transposed()) {
      loadTransposed(tensor, parts);
    } else {
      for (WeightNames.Entry part : parts) {
        loadFlat(tensor, part);
      }
    }
  }

  private void loadFlat(Tensor tensor, WeightNames.Entry part) {
    for (long from = 0; from < part.elements(); from += PIECE) {
      int n = (int) Math.min(PIECE, part.elements() - from);
      // Unmapped at once: pages that were read are not held while the rest is.
      try (Arena arena = Arena.ofConfined()) {
        files.mapped(part.name(), from, n, arena).toFloats(0, piece, 0, n);
      }
      requireFinite(piece, n, part);
      ops.upload(flat(tensor, part.firstColumn() + from, n), piece);
    }
  }

  private void loadTransposed(Tensor tensor, List<WeightNames.Entry> parts) {
    int inputs = tensor.dim0();
    int width = tensor.dim1();
    int block = Math.max(1, Math.min(inputs, PIECE / width));
    float[] values = block * (long) width > PIECE ? new float[width] : piece;
    try (Arena arena = Arena.ofConfined()) {
      List<StoredTensor> stored =
          parts.stream().map(p -> files.mapped(p.name(), 0, p.elements(), arena)).toList();
      for (int first = 0; first < inputs; first += block) {
        int n = Math.min(block, inputs - first);
        for (int p = 0; p < parts.size(); p++) {
          for (int from = 0; from < n; from += INPUTS) {
            int columns = Math.min(INPUTS, n - from);
            transpose(values, width, from, parts.get(p), stored.get(p), first + from, columns);
          }
        }
        ops.upload(tensor.rows(first, first + n), values);
      }
    }
  }

  /** Inputs {@code input} to {@code input + columns} of a part, to rows {@code row} and on. */
  private void transpose(
      float[] values,
      int width,
      int row,
      WeightNames.Entry part,
      StoredTensor stored,
      int input,
      int columns) {
    for (int r = 0; r < part.rows(); r += OUTPUTS) {
      int outputs = Math.min(OUTPUTS, part.rows() - r);
      for (int k = 0; k < outputs; k++) {
        stored.toFloats((long) (r + k) * part.columns() + input, tile, k * columns, columns);
      }
      requireFinite(tile, outputs * columns, part);
      for (int i = 0; i < columns; i++) {
        int at = (row + i) * width + part.firstColumn() + r;
        for (int k = 0; k < outputs; k++) {
          values[at + k] = tile[k * columns + i];
        }
      }
    }
  }

  private void requireFinite(float[] values, int n, WeightNames.Entry part) {
    int largest = 0;
    for (int i = 0; i < n; i++) {
      largest = Math.max(largest, Float.floatToRawIntBits(values[i]) & 0x7FFF_FFFF);
    }
    if (largest >= 0x7F80_0000) {
      StoredTensor stored = files.tensor(part.name());
      String index =
          stored.firstNonFinite().stream()
              .mapToObj(i -> " at index " + i)
              .findFirst()
              .orElse(" too large for single precision");
      throw new CheckpointException(
          stored.file()
              + ": tensor "
              + part.name()
              + " has a value that is no number"
              + index
              + "; the weights are damaged");
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

  private static Tensor flat(Tensor tensor, long from, int n) {
    return new Tensor(
        tensor.buffer(),
        tensor.byteOffset() + from * tensor.dtype().byteSize(),
        tensor.dtype(),
        Shape.of(n));
  }
}
