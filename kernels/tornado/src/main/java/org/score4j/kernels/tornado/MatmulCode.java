package org.score4j.kernels.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Device code of {@link TornadoGemm} and of the gradients of biases. */
final class MatmulCode {
  /** Rows and columns of the result that a group of {@link #THREADS} computes. */
  static final int TILE = 64;

  /** Rows of the thin kernel, whose tiles have as many columns. */
  static final int THIN_ROWS = 16;

  static final int THREADS = 256;

  /** Terms of a sum that are in local memory at once. */
  private static final int DEPTH = 16;

  /** Threads stand in a square of this side. */
  private static final int SIDE = 16;

  private MatmulCode() {}

  /**
   * {@code C = factor · A·B + bias}, or {@code C += A·B}. A thread has four rows and four columns,
   * sixteen apart. Each element is one chain of fused additions over k in ascending order, from 0
   * or from its old value.
   *
   * <p>Arguments: c, a, stride of a along rows, along k, b, stride of b along k, along columns,
   * rows, columns, depth, bias or −1, whether to accumulate, tiles in a row; factors: factor.
   */
  static void gemm(
      KernelContext context, FloatArray memory, IntArray ints, IntArray args, FloatArray factors) {
    int c = args.get(0);
    int a = args.get(1);
    int aRow = args.get(2);
    int aDepth = args.get(3);
    int b = args.get(4);
    int bDepth = args.get(5);
    int bColumn = args.get(6);
    int rows = args.get(7);
    int columns = args.get(8);
    int depth = args.get(9);
    int bias = args.get(10);
    int accumulate = args.get(11);
    int tilesInRow = args.get(12);
    float[] aTile = context.allocateFloatLocalArray(TILE * DEPTH);
    float[] bTile = context.allocateFloatLocalArray(TILE * DEPTH);
    int thread = context.localIdx;
    int tx = thread % SIDE;
    int ty = thread / SIDE;
    int rowTile = context.groupIdx / tilesInRow;
    int row = rowTile * TILE;
    int column = (context.groupIdx - rowTile * tilesInRow) * TILE;
    int r0 = row + ty;
    int r1 = r0 + SIDE;
    int r2 = r1 + SIDE;
    int r3 = r2 + SIDE;
    int c0 = column + tx;
    int c1 = c0 + SIDE;
    int c2 = c1 + SIDE;
    int c3 = c2 + SIDE;
    float s00 = start(memory, c, r0, c0, rows, columns, accumulate);
    float s01 = start(memory, c, r0, c1, rows, columns, accumulate);
    float s02 = start(memory, c, r0, c2, rows, columns, accumulate);
    float s03 = start(memory, c, r0, c3, rows, columns, accumulate);
    float s10 = start(memory, c, r1, c0, rows, columns, accumulate);
    float s11 = start(memory, c, r1, c1, rows, columns, accumulate);
    float s12 = start(memory, c, r1, c2, rows, columns, accumulate);
    float s13 = start(memory, c, r1, c3, rows, columns, accumulate);
    float s20 = start(memory, c, r2, c0, rows, columns, accumulate);
    float s21 = start(memory, c, r2, c1, rows, columns, accumulate);
    float s22 = start(memory, c, r2, c2, rows, columns, accumulate);
    float s23 = start(memory, c, r2, c3, rows, columns, accumulate);
    float s30 = start(memory, c, r3, c0, rows, columns, accumulate);
    float s31 = start(memory, c, r3, c1, rows, columns, accumulate);
    float s32 = start(memory, c, r3, c2, rows, columns, accumulate);
    float s33 = start(memory, c, r3, c3, rows, columns, accumulate);
    for (int k0 = 0; k0 < depth; k0 += DEPTH) {
      for (int i = thread; i < TILE * DEPTH; i += THREADS) {
        aTile[tileIndex(i, aDepth)] =
            element(
                memory,
                a,
                tileLine(i, aDepth),
                tileDepth(i, aDepth),
                row,
                k0,
                rows,
                depth,
                aRow,
                aDepth);
        bTile[tileIndex(i, bDepth)] =
            element(
                memory,
                b,
                tileLine(i, bDepth),
                tileDepth(i, bDepth),
                column,
                k0,
                columns,
                depth,
                bColumn,
                bDepth);
      }
      context.localBarrier();
      int terms = depth - k0;
      if (terms > DEPTH) {
        terms = DEPTH;
      }
      for (int k = 0; k < terms; k++) {
        int ak = k * TILE + ty;
        int bk = k * TILE + tx;
        float a0 = aTile[ak];
        float a1 = aTile[ak + SIDE];
        float a2 = aTile[ak + 2 * SIDE];
        float a3 = aTile[ak + 3 * SIDE];
        float b0 = bTile[bk];
        float b1 = bTile[bk + SIDE];
        float b2 = bTile[bk + 2 * SIDE];
        float b3 = bTile[bk + 3 * SIDE];
        s00 += a0 * b0;
        s01 += a0 * b1;
        s02 += a0 * b2;
        s03 += a0 * b3;
        s10 += a1 * b0;
        s11 += a1 * b1;
        s12 += a1 * b2;
        s13 += a1 * b3;
        s20 += a2 * b0;
        s21 += a2 * b1;
        s22 += a2 * b2;
        s23 += a2 * b3;
        s30 += a3 * b0;
        s31 += a3 * b1;
        s32 += a3 * b2;
        s33 += a3 * b3;
      }
      context.localBarrier();
    }
    float factor = factors.get(0);
    store(memory, c, r0, c0, rows, columns, s00, factor, bias);
    store(memory, c, r0, c1, rows, columns, s01, factor, bias);
    store(memory, c, r0, c2, rows, columns, s02, factor, bias);
    store(memory, c, r0, c3, rows, columns, s03, factor, bias);
    store(memory, c, r1, c0, rows, columns, s10, factor, bias);
    store(memory, c, r1, c1, rows, columns, s11, factor, bias);
    store(memory, c, r1, c2, rows, columns, s12, factor, bias);
    store(memory, c, r1, c3, rows, columns, s13, factor, bias);
    store(memory, c, r2, c0, rows, columns, s20, factor, bias);
    store(memory, c, r2, c1, rows, columns, s21, factor, bias);
    store(memory, c, r2, c2, rows, columns, s22, factor, bias);
    store(memory, c, r2, c3, rows, columns, s23, factor, bias);
    store(memory, c, r3, c0, rows, columns, s30, factor, bias);
    store(memory, c, r3, c1, rows, columns, s31, factor, bias);
    store(memory, c, r3, c2, rows, columns, s32, factor, bias);
    store(memory, c, r3, c3, rows, columns, s33, factor, bias);
  }

  /** As {@link #gemm} for at most sixteen rows in a tile: a thread has one row. The same bits. */
  static void thinGemm(
      KernelContext context, FloatArray memory, IntArray ints, IntArray args, FloatArray factors) {
    int c = args.get(0);
    int a = args.get(1);
    int aRow = args.get(2);
    int aDepth = args.get(3);
    int b = args.get(4);
    int bDepth = args.get(5);
    int bColumn = args.get(6);
    int rows = args.get(7);
    int columns = args.get(8);
    int depth = args.get(9);
    int bias = args.get(10);
    int accumulate = args.get(11);
    int tilesInRow = args.get(12);
    float[] aTile = context.allocateFloatLocalArray(THIN_ROWS * DEPTH);
    float[] bTile = context.allocateFloatLocalArray(TILE * DEPTH);
    int thread = context.localIdx;
    int tx = thread % SIDE;
    int ty = thread / SIDE;
    int rowTile = context.groupIdx / tilesInRow;
    int row = rowTile * THIN_ROWS;
    int column = (context.groupIdx - rowTile * tilesInRow) * TILE;
    int r0 = row + ty;
    int c0 = column + tx;
    int c1 = c0 + SIDE;
    int c2 = c1 + SIDE;
    int c3 = c2 + SIDE;
    float s00 = start(memory, c, r0, c0, rows, columns, accumulate);
    float s01 = start(memory, c, r0, c1, rows, columns, accumulate);
    float s02 = start(memory, c, r0, c2, rows, columns, accumulate);
    float s03 = start(memory, c, r0, c3, rows, columns, accumulate);
    for (int k0 = 0; k0 < depth; k0 += DEPTH) {
      aTile[ty * DEPTH + tx] = element(memory, a, ty, tx, row, k0, rows, depth, aRow, aDepth);
      for (int i = thread; i < TILE * DEPTH; i += THREADS) {
        bTile[tileIndex(i, bDepth)] =
            element(
                memory,
                b,
                tileLine(i, bDepth),
                tileDepth(i, bDepth),
                column,
                k0,
                columns,
                depth,
                bColumn,
                bDepth);
      }
      context.localBarrier();
      int terms = depth - k0;
      if (terms > DEPTH) {
        terms = DEPTH;
      }
      for (int k = 0; k < terms; k++) {
        int bk = k * TILE + tx;
        float a0 = aTile[ty * DEPTH + k];
        s00 += a0 * bTile[bk];
        s01 += a0 * bTile[bk + SIDE];
        s02 += a0 * bTile[bk + 2 * SIDE];
        s03 += a0 * bTile[bk + 3 * SIDE];
      }
      context.localBarrier();
    }
    float factor = factors.get(0);
    store(memory, c, r0, c0, rows, columns, s00, factor, bias);
    store(memory, c, r0, c1, rows, columns, s01, factor, bias);
    store(memory, c, r0, c2, rows, columns, s02, factor, bias);
    store(memory, c, r0, c3, rows, columns, s03, factor, bias);
  }

  /**
   * Which line (row of A, column of B) element i of a tile is loaded from: neighbours in memory by
   * neighbouring threads.
   */
  private static int tileLine(int i, int depthStride) {
    return depthStride == 1 ? i / DEPTH : i % TILE;
  }

  private static int tileDepth(int i, int depthStride) {
    return depthStride == 1 ? i % DEPTH : i / TILE;
  }

  private static int tileIndex(int i, int depthStride) {
    return tileDepth(i, depthStride) * TILE + tileLine(i, depthStride);
  }

  /** 0 outside the matrix. */
  private static float element(
      FloatArray memory,
      int base,
      int line,
      int k,
      int firstLine,
      int firstK,
      int lines,
      int depth,
      int lineStride,
      int depthStride) {
    int l = firstLine + line;
    int d = firstK + k;
    float value = 0f;
    if (l < lines && d < depth) {
      value = memory.get(base + l * lineStride + d * depthStride);
    }
    return value;
  }

  private static float start(
      FloatArray memory, int c, int row, int column, int rows, int columns, int accumulate) {
    float value = 0f;
    if (accumulate != 0 && row < rows && column < columns) {
      value = memory.get(c + row * columns + column);
    }
    return value;
  }

  private static void store(
      FloatArray memory,
      int c,
      int row,
      int column,
      int rows,
      int columns,
      float sum,
      float factor,
      int bias) {
    if (row < rows && column < columns) {
      float value = factor * sum;
      if (bias >= 0) {
        value = value + memory.get(bias + column);
      }
      memory.set(c + row * columns + column, value);
    }
  }

  /** {@code sums[n] += Σ_t x[t][n]}, a chain over t. Arguments: sums, x, rows, columns. */
  static void columnSums(KernelContext context, FloatArray memory, IntArray ints, IntArray args) {
    int sums = args.get(0);
    int x = args.get(1);
    int rows = args.get(2);
    int columns = args.get(3);
    for (int n = context.globalIdx; n < columns; n += context.globalGroupSizeX) {
      float sum = memory.get(sums + n);
      for (int t = 0; t < rows; t++) {
        sum = sum + memory.get(x + t * columns + n);
      }
      memory.set(sums + n, sum);
    }
  }
}
