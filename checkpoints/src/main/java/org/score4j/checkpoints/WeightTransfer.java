package org.score4j.checkpoints;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import org.score4j.kernels.DType;
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
  private static final int TILE = 64;

  /** No power of two: the rows of a tile would fall on few sets of the cache. */
  private static final int TILE_STRIDE = TILE + 16;

  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

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
    Optional<MemorySegment> own =
        tensor.dtype() == DType.F32 ? ops.hostView(tensor) : Optional.empty();
    if (own.isPresent()) {
      readFrom(own.get(), entry, sink);
    } else {
      readBlocks(ops, entry, sink);
    }
  }

  /** From the tensor's own memory, some outputs at a time. */
  private static void readFrom(MemorySegment tensor, WeightNames.Entry entry, Sink sink)
      throws IOException {
    int inputs = entry.columns();
    int outputs = Math.clamp((long) PIECE / inputs, 1, entry.rows());
    float[] values = new float[outputs * inputs];
    float[] tile = new float[TILE * TILE_STRIDE];
    for (int first = 0; first < entry.rows(); first += outputs) {
      int n = Math.min(outputs, entry.rows() - first);
      transpose(values, inputs, 0, tile, tensor, entry, first, n, inputs);
      sink.accept(values, 0, n * inputs);
    }
  }

  /** From blocks of inputs that are downloaded. */
  private static void readBlocks(Ops ops, WeightNames.Entry entry, Sink sink) throws IOException {
    int inputs = entry.columns();
    int block = Math.max(1, PIECE / entry.tensor().dim1());
    float[] values = new float[Math.toIntExact(entry.elements())];
    float[] tile = new float[TILE * TILE_STRIDE];
    for (int first = 0; first < inputs; first += block) {
      int n = Math.min(block, inputs - first);
      float[] rows = ops.downloadFloats(entry.tensor().rows(first, first + n));
      transpose(
          values, inputs, first, tile, MemorySegment.ofArray(rows), entry, 0, entry.rows(), n);
    }
    for (int from = 0; from < values.length; from += PIECE) {
      sink.accept(values, from, Math.min(PIECE, values.length - from));
    }
  }

  /**
   * {@code values[o · inputs + firstInput + i]} = what {@code rows}, of the device's tensor, has
   * for output {@code firstOutput + o} in row i; by tiles that fit the first cache.
   */
  private static void transpose(
      float[] values,
      int inputs,
      int firstInput,
      float[] tile,
      MemorySegment rows,
      WeightNames.Entry entry,
      int firstOutput,
      int numOutputs,
      int numRows) {
    long width = entry.tensor().dim1();
    for (int o = 0; o < numOutputs; o += TILE) {
      int outputs = Math.min(TILE, numOutputs - o);
      long column = (long) entry.firstColumn() + firstOutput + o;
      for (int i = 0; i < numRows; i += TILE) {
        int n = Math.min(TILE, numRows - i);
        for (int k = 0; k < n; k++) {
          long offset = ((i + k) * width + column) * Float.BYTES;
          MemorySegment.copy(rows, FLOAT, offset, tile, k * TILE_STRIDE, outputs);
        }
        transpose(values, o * inputs + firstInput + i, inputs, tile, outputs, n);
      }
    }
  }

  private static void transpose(
      float[] values, int at, int stride, float[] tile, int outputs, int rows) {
    for (int o = 0; o < outputs; o++) {
      int to = at + o * stride;
      for (int k = 0; k < rows; k++) {
        values[to + k] = tile[k * TILE_STRIDE + o];
      }
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
