package org.score4j.kernels.cpu;

import java.util.Arrays;

/**
 * Single-precision matrix products on raw addresses, row-major, leading dimensions in elements.
 *
 * <p>The contract of bits: every element of C is one chain of fused multiply-adds over k = 0 … K-1,
 * starting from 0 or, when accumulating, from the old C. So its bits depend on its row of A and its
 * column of B only: not on M, N, tiling, blocking, vector width or threads, nor on where in the
 * matrix it lies; and two accumulating calls over the halves of K give the bits of one. Blocks of K
 * keep this by storing the partial C and starting from it again.
 *
 * <p>The blocking is Goto's: a block of A, (blockRows, depth), and panels of B, (depth, panel), are
 * copied to a {@code float[]}; a panel stays in L1 while all tiles of six rows of the block pass
 * over it. A call works on any rectangle of C, so threads split the rows or the columns of C by
 * moving the addresses.
 */
public final class CpuSgemm {
  /**
   * Columns of a panel of B and of a full tile of C. A split of C by columns is best done in
   * multiples of this.
   */
  static final int PANEL = SgemmTiles.MAX_VECTORS * SgemmTiles.W;

  /** A split of C by rows is best done in multiples of this. */
  static final int ROWS = SgemmTiles.ROWS;

  private static final int MAX_DEPTH = 192;
  private static final int MAX_BLOCK_ROWS = 192;
  private static final int MAX_BLOCK_COLUMNS = 1024;

  /** Up to so many rows, copying B costs more than it gains. */
  private static final int THIN_ROWS = 4;

  private static final int THIN_ROWS_NT = 2;

  private enum Form {
    NN,
    NT,
    TN
  }

  private CpuSgemm() {}

  /** Floats of scratch memory that a product of (m, k) by (k, n) needs. */
  public static int scratchFloats(int m, int n, int k) {
    int depth = Math.min(k, MAX_DEPTH);
    return SgemmPanels.BLOCK
        + Math.min(m, MAX_BLOCK_ROWS) * depth
        + Math.ceilDiv(Math.min(n, MAX_BLOCK_COLUMNS), PANEL) * PANEL * depth;
  }

  /**
   * {@code c = a · b}, or {@code c += a · b}.
   *
   * @param scratch at least {@link #scratchFloats} floats, overwritten
   * @param c address of (m, n)
   * @param a address of (m, k)
   * @param b address of (k, n)
   */
  public static void nn(
      float[] scratch,
      long c,
      int ldc,
      long a,
      int lda,
      long b,
      int ldb,
      int m,
      int n,
      int k,
      boolean accumulate) {
    if (m <= THIN_ROWS) {
      SgemmThin.nn(c, ldc, a, lda, b, ldb, m, n, k, accumulate);
    } else {
      blocked(Form.NN, scratch, c, ldc, a, lda, b, ldb, m, n, k, accumulate);
    }
  }

  /**
   * {@code c = a · bᵀ}, or {@code c += a · bᵀ}.
   *
   * @param scratch at least {@link #scratchFloats} floats, overwritten
   * @param c address of (m, n)
   * @param a address of (m, k)
   * @param b address of (n, k)
   */
  public static void nt(
      float[] scratch,
      long c,
      int ldc,
      long a,
      int lda,
      long b,
      int ldb,
      int m,
      int n,
      int k,
      boolean accumulate) {
    if (m <= THIN_ROWS_NT) {
      SgemmThin.nt(c, ldc, a, lda, b, ldb, m, n, k, accumulate);
    } else {
      blocked(Form.NT, scratch, c, ldc, a, lda, b, ldb, m, n, k, accumulate);
    }
  }

  /**
   * {@code c = aᵀ · b}, or {@code c += aᵀ · b}.
   *
   * @param scratch at least {@link #scratchFloats} floats, overwritten
   * @param c address of (m, n)
   * @param a address of (k, m)
   * @param b address of (k, n)
   */
  public static void tn(
      float[] scratch,
      long c,
      int ldc,
      long a,
      int lda,
      long b,
      int ldb,
      int m,
      int n,
      int k,
      boolean accumulate) {
    blocked(Form.TN, scratch, c, ldc, a, lda, b, ldb, m, n, k, accumulate);
  }

  private static void blocked(
      Form form,
      float[] s,
      long c,
      int ldc,
      long a,
      int lda,
      long b,
      int ldb,
      int m,
      int n,
      int k,
      boolean accumulate) {
    if (k == 0 && !accumulate) {
      SgemmThin.clear(c, ldc, m, n);
    }
    Arrays.fill(s, SgemmPanels.ZEROS, SgemmPanels.ZEROS + SgemmPanels.TILE_FLOATS, 0f);
    int maxDepth = part(k, MAX_DEPTH, 8);
    int maxRows = part(m, MAX_BLOCK_ROWS, ROWS);
    int panels = SgemmPanels.BLOCK + Math.min(m, maxRows) * Math.min(k, maxDepth);
    for (int j0 = 0; j0 < n; j0 += MAX_BLOCK_COLUMNS) {
      int columns = Math.min(MAX_BLOCK_COLUMNS, n - j0);
      for (int p0 = 0; p0 < k; p0 += maxDepth) {
        int depth = Math.min(maxDepth, k - p0);
        boolean add = accumulate || p0 > 0;
        for (int i0 = 0; i0 < m; i0 += maxRows) {
          int rows = Math.min(maxRows, m - i0);
          if (form == Form.TN) {
            SgemmPanels.copyRows(s, SgemmPanels.BLOCK, at(a, p0, lda, i0), lda, depth, rows);
          } else {
            SgemmPanels.copyRows(s, SgemmPanels.BLOCK, at(a, i0, lda, p0), lda, rows, depth);
          }
          for (int j = 0; j < columns; j += PANEL) {
            int width = Math.min(PANEL, columns - j);
            int panel = panels + j * depth;
            if (i0 == 0) {
              if (form == Form.NT) {
                SgemmPanels.transposedPanel(s, panel, at(b, j0 + j, ldb, p0), ldb, depth, width);
              } else {
                SgemmPanels.panel(s, panel, at(b, p0, ldb, j0 + j), ldb, depth, width);
              }
            }
            tiles(form, s, at(c, i0, ldc, j0 + j), ldc, panel, rows, width, depth, add);
          }
        }
      }
    }
  }

  /** All tiles of a block of rows over one panel. */
  private static void tiles(
      Form form,
      float[] s,
      long c,
      int ldc,
      int panel,
      int rows,
      int width,
      int depth,
      boolean add) {
    int vectors = Math.ceilDiv(width, SgemmTiles.W);
    int rowStride = form == Form.TN ? 1 : depth;
    int colStride = form == Form.TN ? rows : 1;
    for (int i = 0; i < rows; i += ROWS) {
      int tileRows = Math.min(ROWS, rows - i);
      long tileC = at(c, i, ldc, 0);
      int init = SgemmPanels.ZEROS;
      if (add) {
        SgemmPanels.loadTile(s, tileC, ldc, tileRows, width, vectors);
        init = SgemmPanels.TILE;
      }
      int block = SgemmPanels.BLOCK + i * rowStride;
      SgemmTiles.tile(
          vectors,
          s,
          SgemmPanels.TILE,
          init,
          block,
          rowStride,
          colStride,
          tileRows - 1,
          panel,
          depth);
      SgemmPanels.storeTile(s, tileC, ldc, tileRows, width, vectors);
    }
  }

  /**
   * The size of the equal parts, multiples of {@code grain}, in which {@code total} is cut so that
   * none exceeds {@code max}.
   */
  private static int part(int total, int max, int grain) {
    int parts = Math.max(1, Math.ceilDiv(total, max));
    return Math.ceilDiv(Math.ceilDiv(total, parts), grain) * grain;
  }

  private static long at(long base, int row, int ld, int column) {
    return base + Float.BYTES * ((long) row * ld + column);
  }
}
