package org.score4j.kernels.cuda;

import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/**
 * How the (rows, vocabulary) logits of the head are cut so that a piece fits a budget: whole
 * vocabularies of as many rows as possible where that is cheapest, else parts of the vocabulary.
 *
 * @param rows of all chunks together
 * @param vocabulary columns of all chunks together
 * @param rowsPerChunk rows of a chunk, the last may have fewer
 * @param columnsPerChunk columns of a chunk, the last may have fewer; a multiple of 4 unless there
 *     is one chunk
 * @param splits blocks that share a row of a chunk
 */
record LogitChunks(int rows, int vocabulary, int rowsPerChunk, int columnsPerChunk, int splits) {
  /**
   * Rows below which it is cheaper to compute logits twice than to pass over the head and its
   * gradient once more: that costs 12 bytes per weight, the second product 2 operations per weight
   * and row, and GPUs do some 200 operations in the time of a byte.
   */
  private static final int ENOUGH_ROWS = 1024;

  /** Rows of a chunk of part of the vocabulary: enough for products at full speed. */
  private static final int MANY_ROWS = 2048;

  /** Columns come in multiples of this, for products and for whole Philox calls. */
  private static final int COLUMN_UNIT = 128;

  /** Columns that are worth a block of their own. */
  private static final int BLOCK_COLUMNS = 4096;

  private static final int WARP = 32;

  /** As in {@code loss.cu} and {@code sampling.cu}. */
  private static final int MAX_THREADS = 256;

  private static final int BLOCKS_PER_MULTIPROCESSOR = 4;

  private static final long MIN_BUDGET_BYTES = 64L << 20;
  private static final long MAX_BUDGET_BYTES = 1L << 30;

  /**
   * A plan.
   *
   * @param rows rows of hidden states
   * @param vocabulary rows of the head
   * @param bytesPerLogit what is held per logit
   * @param budgetBytes what may be held at once
   * @param twice whether a second pass over the logits follows
   * @param multiprocessors of the GPU
   */
  static LogitChunks of(
      int rows,
      int vocabulary,
      int bytesPerLogit,
      long budgetBytes,
      boolean twice,
      int multiprocessors) {
    long logits = Math.max(1, budgetBytes / bytesPerLogit);
    long wholeRows = logits / Math.max(1, vocabulary);
    int rowsPerChunk;
    int columnsPerChunk;
    if (wholeRows >= Math.min(rows, twice ? ENOUGH_ROWS : 1)) {
      rowsPerChunk = (int) Math.min(rows, wholeRows);
      columnsPerChunk = vocabulary;
    } else {
      rowsPerChunk = (int) Math.min(Math.min(rows, MANY_ROWS), Math.max(1, logits / COLUMN_UNIT));
      long units = logits / rowsPerChunk / COLUMN_UNIT;
      columnsPerChunk = (int) Math.min(vocabulary, Math.max(1, units) * COLUMN_UNIT);
    }
    int busy = BLOCKS_PER_MULTIPROCESSOR * multiprocessors;
    int splits = (busy + rowsPerChunk - 1) / Math.max(1, rowsPerChunk);
    int most = (columnsPerChunk + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS;
    return new LogitChunks(
        rows, vocabulary, rowsPerChunk, columnsPerChunk, Math.clamp(splits, 1, Math.max(1, most)));
  }

  /** A share of the GPU's memory that leaves the rest to weights and activations. */
  static long budgetBytes(CudaDevice device) {
    return Math.clamp(device.memory().totalBytes() / 64, MIN_BUDGET_BYTES, MAX_BUDGET_BYTES);
  }

  /** Chunks of the vocabulary. */
  int columnChunks() {
    return (vocabulary + columnsPerChunk - 1) / columnsPerChunk;
  }

  /** Partial results of a row: one of each split of each chunk. */
  int slots() {
    return columnChunks() * splits;
  }

  /** Logits of the largest chunk. */
  int chunkElements() {
    return Math.multiplyExact(rowsPerChunk, columnsPerChunk);
  }

  /**
   * Threads of a block: one for four logits of a row, which is what a step of the kernels takes.
   */
  int threads() {
    int columns = (columnsPerChunk + splits - 1) / splits;
    int warps = (columns + 4 * WARP - 1) / (4 * WARP);
    return Math.clamp(warps, 1, MAX_THREADS / WARP) * WARP;
  }

  /** The front of a buffer of {@link #chunkElements} as a matrix. */
  static Tensor matrix(Tensor buffer, int rows, int columns) {
    return buffer.rows(0, rows * columns).reshape(Shape.of(rows, columns));
  }
}
