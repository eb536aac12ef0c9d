package org.score4j.kernels.cpu;

/** {@link CpuSgemm} with a B that lies in panels over its whole depth, ready for many products. */
final class SgemmPacked {
  /** Columns of a panel of F32. */
  static final int WIDE_PANEL = SgemmTallTiles.VECTORS * SgemmTiles.W;

  /**
   * Depth of a panel. Longer ones come faster from memory, shorter ones leave more of the caches to
   * A.
   */
  private static final int MAX_DEPTH = 768;

  private SgemmPacked() {}

  /** Floats that {@link #product} needs for a tile and a block of A. */
  static int blockFloats(int m, int k) {
    return CpuSgemm.blockFloats(m, k, MAX_DEPTH);
  }

  /** Bytes that the panels of (k, n) take up. */
  static long bytes(int n, int k, boolean narrow) {
    return (long) k * width(n) * (narrow ? NarrowMemory.BYTES : Float.BYTES);
  }

  /**
   * Copies one panel of B, or of Bᵀ, over the whole depth to where {@link #product} expects it.
   *
   * @param panels room for {@link #bytes}, in B's type
   * @param b address of (k, n), or of (n, k) if transposed; its rows follow each other
   * @param panel index of the panel
   */
  static void pack(
      FrozenPanels panels, WeightAddress b, boolean transposed, int panel, int n, int k) {
    int maxDepth = CpuSgemm.depth(k, MAX_DEPTH);
    int j = panel * panels.width();
    int width = Math.min(panels.width(), n - j);
    for (int p = 0; p < k; p += maxDepth) {
      int depth = Math.min(maxDepth, k - p);
      long to = panels.at((long) p * width(n) + (long) j * depth);
      int ld = transposed ? k : n;
      WeightAddress from = transposed ? b.at(j, ld, p) : b.at(p, ld, j);
      if (panels.narrow()) {
        NarrowPanels.pack(to, from.address(), ld, transposed, depth, width);
      } else if (transposed) {
        SgemmPanels.transposedPanel(to, from, ld, depth, width);
      } else {
        SgemmPanels.panel(to, from, ld, depth, width);
      }
    }
  }

  /**
   * {@code c = a · b} for some columns of a B that lies in panels: the bits of {@link CpuSgemm#nn},
   * without its copy of B.
   *
   * @param s at least {@link #blockFloats} floats, overwritten
   * @param panels of (k, n), see {@link #pack}
   * @param c address of (m, columns)
   * @param a address of (m, k)
   * @param from first column, with which a panel starts
   */
  static void product(
      float[] s,
      FrozenPanels panels,
      long c,
      int ldc,
      long a,
      int lda,
      int from,
      int columns,
      int m,
      int n,
      int k) {
    SgemmPanels.clearZeros(s);
    int maxDepth = CpuSgemm.depth(k, MAX_DEPTH);
    int maxRows = CpuSgemm.rows(m);
    for (int i = 0; i < m; i += maxRows) {
      int rows = Math.min(maxRows, m - i);
      for (int p = 0; p < k; p += maxDepth) {
        int depth = Math.min(maxDepth, k - p);
        long block = a + Float.BYTES * ((long) i * lda + p);
        SgemmPanels.copyRows(s, SgemmPanels.BLOCK, block, lda, rows, depth, depth);
        for (int j = 0; j < columns; j += panels.width()) {
          long tiles = c + Float.BYTES * ((long) i * ldc + j);
          long panel = panels.at((long) p * width(n) + (long) (from + j) * depth);
          int width = Math.min(panels.width(), columns - j);
          tiles(s, tiles, ldc, panels.narrow(), panel, rows, width, depth, p > 0);
        }
      }
    }
  }

  /** All tiles of a block of rows over one panel. */
  private static void tiles(
      float[] s,
      long c,
      int ldc,
      boolean narrow,
      long panel,
      int rows,
      int width,
      int depth,
      boolean add) {
    int vectors = narrow ? SgemmTiles.MAX_VECTORS : Math.ceilDiv(width, SgemmTiles.W);
    int height;
    for (int i = 0; i < rows; i += height) {
      height = narrow ? SgemmNarrowTiles.ROWS : wideRows(rows - i, vectors);
      int last = Math.min(height, rows - i) - 1;
      long tileC = c + (long) i * ldc * Float.BYTES;
      int tile = SgemmPanels.TILE;
      int init = SgemmPanels.ZEROS;
      if (add) {
        SgemmPanels.loadTile(s, tileC, ldc, last + 1, width, vectors);
        init = tile;
      }
      int block = SgemmPanels.BLOCK + i * depth;
      if (narrow) {
        SgemmNarrowTiles.tile(s, tile, init, block, depth, last, panel, depth);
      } else if (height == SgemmTallTiles.ROWS) {
        SgemmTallTiles.tile(s, tile, init, block, depth, last, panel, depth);
      } else {
        CpuSgemm.tile(height, vectors, s, tile, init, block, depth, last, panel);
      }
      SgemmPanels.storeTile(s, tileC, ldc, last + 1, width, vectors);
    }
  }

  /** Rows of the next tile of F32. */
  private static int wideRows(int left, int vectors) {
    boolean tall = SgemmTallTiles.FIT && vectors == SgemmTallTiles.VECTORS;
    return tall && left > SgemmTiles.ROWS ? SgemmTallTiles.ROWS : CpuSgemm.tileRows(left);
  }

  private static int width(int n) {
    return Math.ceilDiv(n, CpuSgemm.PANEL) * CpuSgemm.PANEL;
  }
}
