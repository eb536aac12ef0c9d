package org.score4j.kernels.cpu;

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
 * copied, see {@link SgemmScratch}; a panel stays in cache while all tiles of six rows of the block
 * pass over it. A call works on any rectangle of C, so threads split the rows or the columns of C
 * by moving the addresses.
 */
public final class CpuSgemm {
  /**
   * Columns of a panel of B and of a full tile of C. A split of C by columns is best done in
   * multiples of this.
   */
  static final int PANEL = SgemmTiles.MAX_VECTORS * SgemmTiles.W;

  /** Rows of a tile; a split of {@link #tn} by rows is best done in multiples of this. */
  static final int ROWS = SgemmTiles.ROWS;

  /** A split of {@link #nn} and {@link #nt} by rows is best done in multiples of this. */
  static final int EVEN_ROWS = 2;

  /**
   * Depth of a block. A panel of it overflows L1, yet 384 measured better than 128 and 192: partial
   * tiles of C are reloaded less often.
   */
  private static final int MAX_DEPTH = 384;

  /** Rows of a block of A; it stays in L2. */
  private static final int MAX_BLOCK_ROWS = 192;

  private static final int WIDE_COLUMNS = 1024;
  private static final int NARROW_COLUMNS = 512;

  /** Bounds the copy of B. */
  private static final int MAX_PACKED_DEPTH = 4096;

  /** Up to so many rows, copying B costs more than it gains. */
  static final int THIN_ROWS = 4;

  private static final int THIN_ROWS_NT = 1;

  private enum Form {
    NN,
    NT,
    TN
  }

  private CpuSgemm() {}

  /** Floats that a product of (m, k) by (k, n) needs for a tile and a block of A. */
  public static int blockFloats(int m, int k) {
    return Math.max(blockFloats(m, k, MAX_DEPTH), THIN_ROWS * NarrowThin.CHUNK);
  }

  /** The same where a block has another depth. */
  static int blockFloats(int m, int k, int maxDepth) {
    return SgemmPanels.BLOCK + padded(Math.min(m, MAX_BLOCK_ROWS)) * Math.min(k, maxDepth);
  }

  /** Bytes that a product of (m, k) by (k, n) needs for panels of B. */
  public static long panelBytes(int m, int n, int k) {
    int depth = Math.min(k, m <= MAX_BLOCK_ROWS ? MAX_DEPTH : MAX_PACKED_DEPTH);
    long columns = Math.ceilDiv(Math.min(n, blockColumns(m, k)), PANEL) * (long) PANEL;
    return columns * depth * Float.BYTES;
  }

  /** When K is blocked, so few columns that the block of C stays in L2 between the blocks of K. */
  private static int blockColumns(int m, int k) {
    return k <= MAX_DEPTH || m <= MAX_BLOCK_ROWS ? WIDE_COLUMNS : NARROW_COLUMNS;
  }

  /**
   * {@code c = a · b}, or {@code c += a · b}.
   *
   * @param c address of (m, n)
   * @param a address of (m, k)
   * @param b (k, n)
   */
  public static void nn(
      SgemmScratch scratch,
      long c,
      int ldc,
      long a,
      int lda,
      WeightAddress b,
      int ldb,
      int m,
      int n,
      int k,
      boolean accumulate) {
    if (m > THIN_ROWS) {
      blocked(Form.NN, scratch, c, ldc, a, lda, b, ldb, m, n, k, accumulate);
    } else if (b.narrow()) {
      NarrowThin.nn(scratch.block(), c, ldc, a, lda, b.address(), ldb, m, n, k, accumulate);
    } else {
      SgemmThin.nn(c, ldc, a, lda, b.address(), ldb, m, n, k, accumulate);
    }
  }

  /**
   * {@code c = a · bᵀ}, or {@code c += a · bᵀ}.
   *
   * @param c address of (m, n)
   * @param a address of (m, k)
   * @param b (n, k)
   */
  public static void nt(
      SgemmScratch scratch,
      long c,
      int ldc,
      long a,
      int lda,
      WeightAddress b,
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
   * @param c address of (m, n)
   * @param a address of (k, m)
   * @param b address of (k, n)
   */
  public static void tn(
      SgemmScratch scratch,
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
    blocked(Form.TN, scratch, c, ldc, a, lda, WeightAddress.single(b), ldb, m, n, k, accumulate);
  }

  private static void blocked(
      Form form,
      SgemmScratch s,
      long c,
      int ldc,
      long a,
      int lda,
      WeightAddress b,
      int ldb,
      int m,
      int n,
      int k,
      boolean accumulate) {
    if (k == 0 && !accumulate) {
      SgemmThin.clear(c, ldc, m, n);
    }
    SgemmPanels.clearZeros(s.block());
    int maxColumns = blockColumns(m, k);
    for (int j = 0; j < n; j += maxColumns) {
      int columns = Math.min(maxColumns, n - j);
      for (int p = 0; p < k; p += MAX_PACKED_DEPTH) {
        int depth = Math.min(MAX_PACKED_DEPTH, k - p);
        long aPart = form == Form.TN ? at(a, p, lda, 0) : at(a, 0, lda, p);
        WeightAddress bPart = form == Form.NT ? b.at(j, ldb, p) : b.at(p, ldb, j);
        slab(
            form,
            s,
            at(c, 0, ldc, j),
            ldc,
            aPart,
            lda,
            bPart,
            ldb,
            m,
            columns,
            depth,
            accumulate || p > 0);
      }
    }
  }

  /** The depth of a block where the whole is k. */
  static int depth(int k, int maxDepth) {
    return part(k, maxDepth, 8);
  }

  /** The rows of a block where all are m. */
  static int rows(int m) {
    return part(m, MAX_BLOCK_ROWS, ROWS);
  }

  /** A product whose B is copied as a whole, unless each of its panels is used only once. */
  private static void slab(
      Form form,
      SgemmScratch scratch,
      long c,
      int ldc,
      long a,
      int lda,
      WeightAddress b,
      int ldb,
      int m,
      int n,
      int k,
      boolean accumulate) {
    float[] s = scratch.block();
    int maxDepth = depth(k, MAX_DEPTH);
    int maxRows = rows(m);
    long packedWidth = m <= maxRows ? 0 : Math.ceilDiv(n, PANEL) * (long) PANEL;
    for (int i = 0; i < m; i += maxRows) {
      int rows = Math.min(maxRows, m - i);
      for (int p = 0; p < k; p += maxDepth) {
        int depth = Math.min(maxDepth, k - p);
        if (form == Form.TN) {
          SgemmPanels.copyRows(
              s, SgemmPanels.BLOCK, at(a, p, lda, i), lda, depth, rows, padded(rows));
        } else {
          SgemmPanels.copyRows(s, SgemmPanels.BLOCK, at(a, i, lda, p), lda, rows, depth, depth);
        }
        for (int j = 0; j < n; j += PANEL) {
          int width = Math.min(PANEL, n - j);
          long panel = scratch.panels() + (p * packedWidth + (long) j * depth) * Float.BYTES;
          if (i == 0) {
            if (form == Form.NT) {
              SgemmPanels.transposedPanel(panel, b.at(j, ldb, p), ldb, depth, width);
            } else {
              SgemmPanels.panel(panel, b.at(p, ldb, j), ldb, depth, width);
            }
          }
          tiles(form, s, at(c, i, ldc, j), ldc, panel, rows, width, depth, accumulate || p > 0);
        }
      }
    }
  }

  /** All tiles of a block of rows of A over one panel. */
  private static void tiles(
      Form form,
      float[] s,
      long c,
      int ldc,
      long panel,
      int rows,
      int width,
      int depth,
      boolean add) {
    int vectors = Math.ceilDiv(width, SgemmTiles.W);
    int height;
    for (int i = 0; i < rows; i += height) {
      height = form == Form.TN ? ROWS : tileRows(rows - i);
      int tileRows = Math.min(height, rows - i);
      long tileC = at(c, i, ldc, 0);
      int tile = SgemmPanels.TILE;
      int init = SgemmPanels.ZEROS;
      if (add) {
        SgemmPanels.loadTile(s, tileC, ldc, tileRows, width, vectors);
        init = tile;
      }
      if (form == Form.TN) {
        int block = SgemmPanels.BLOCK + i;
        SgemmTilesTransposed.tile(vectors, s, tile, init, block, padded(rows), panel, depth);
      } else {
        int block = SgemmPanels.BLOCK + i * depth;
        tile(height, vectors, s, tile, init, block, depth, tileRows - 1, panel);
      }
      SgemmPanels.storeTile(s, tileC, ldc, tileRows, width, vectors);
    }
  }

  /** A tile of as many rows as {@link #tileRows} says. */
  static void tile(
      int height,
      int vectors,
      float[] s,
      int tile,
      int init,
      int block,
      int depth,
      int last,
      long panel) {
    if (height == ROWS) {
      SgemmTiles.tile(vectors, s, tile, init, block, depth, last, panel, depth);
    } else {
      SgemmLowTiles.tile(vectors, s, tile, init, block, depth, last, panel, depth);
    }
  }

  /** Rows of the next tile: four where tiles of six would leave more rows empty. */
  static int tileRows(int left) {
    int low = SgemmLowTiles.ROWS;
    return left <= low || (left > ROWS && left <= 2 * low) ? low : ROWS;
  }

  /**
   * The size of the equal parts, multiples of {@code grain}, in which {@code total} is cut so that
   * none exceeds {@code max}.
   */
  private static int part(int total, int max, int grain) {
    int parts = Math.max(1, Math.ceilDiv(total, max));
    return Math.ceilDiv(Math.ceilDiv(total, parts), grain) * grain;
  }

  /** Rows in whole tiles; in Aᵀ what lies beyond the last row is never stored. */
  private static int padded(int rows) {
    return Math.ceilDiv(rows, ROWS) * ROWS;
  }

  private static long at(long base, int row, int ld, int column) {
    return base + Float.BYTES * ((long) row * ld + column);
  }
}
