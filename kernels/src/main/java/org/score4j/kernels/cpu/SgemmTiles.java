package org.score4j.kernels.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The innermost loops of the matrix product: a tile of six rows by one to four vectors, held in
 * registers over the whole depth.
 *
 * <p>Written out by hand because C2 keeps accumulators in registers only when they are local
 * variables, with all but B on a {@code float[]} because accesses to native memory are too many
 * nodes for the compilers (see {@link HostMemory}). B lies in native memory, where a vector can be
 * kept within one line of the cache. Six rows by four vectors are 24 of the 32 registers of AVX-512
 * and NEON; with the 16 of AVX2 a tile has at most two vectors. Every index in the loop is an
 * invariant plus a multiple of the loop's variable, so that C2 checks bounds once before the loop
 * and needs no arithmetic for addresses in it. Every element of the tile is one chain of fused
 * multiply-adds in the order of the depth.
 *
 * <p>Here the rows of A follow each other; {@link SgemmTilesTransposed} is the twin for Aᵀ.
 */
final class SgemmTiles {
  static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;

  /** Lanes of a vector. */
  static final int W = SPECIES.length();

  /** Bytes of a vector. */
  static final long VECTOR_BYTES = SPECIES.vectorByteSize();

  /** Rows of a tile. */
  static final int ROWS = 6;

  /** The widest tile, in vectors. */
  static final int MAX_VECTORS = W == 8 ? 2 : 4;

  private SgemmTiles() {}

  /**
   * {@code tile = init + a · b}.
   *
   * @param s the tile, where it starts and A lie in this array, at the offsets given
   * @param tile (6, vectors · W), the result
   * @param init (6, vectors · W), where the chains start: the tile itself or zeros
   * @param a (rows, depth), a row every {@code aStride} elements
   * @param lastRow the last row of {@code a} that exists; the rows of the tile after it repeat it
   * @param b address of (depth, vectors · W)
   */
  static void tile(
      int vectors,
      float[] s,
      int tile,
      int init,
      int a,
      int aStride,
      int lastRow,
      long b,
      int depth) {
    switch (vectors) {
      case 4 -> tile4(s, tile, init, a, aStride, lastRow, b, depth);
      case 3 -> tile3(s, tile, init, a, aStride, lastRow, b, depth);
      case 2 -> tile2(s, tile, init, a, aStride, lastRow, b, depth);
      case 1 -> tile1(s, tile, init, a, aStride, lastRow, b, depth);
      default ->
          throw new IllegalArgumentException(
              "tile of %d vectors, there are 1 to 4".formatted(vectors));
    }
  }

  private static void tile4(
      float[] s, int tile, int init, int a, int aStride, int lastRow, long b, int depth) {
    int a1 = a + Math.min(1, lastRow) * aStride;
    int a2 = a + Math.min(2, lastRow) * aStride;
    int a3 = a + Math.min(3, lastRow) * aStride;
    int a4 = a + Math.min(4, lastRow) * aStride;
    int a5 = a + Math.min(5, lastRow) * aStride;
    FloatVector x00 = FloatVector.fromArray(SPECIES, s, init);
    FloatVector x01 = FloatVector.fromArray(SPECIES, s, init + W);
    FloatVector x02 = FloatVector.fromArray(SPECIES, s, init + 2 * W);
    FloatVector x03 = FloatVector.fromArray(SPECIES, s, init + 3 * W);
    FloatVector x10 = FloatVector.fromArray(SPECIES, s, init + 4 * W);
    FloatVector x11 = FloatVector.fromArray(SPECIES, s, init + 5 * W);
    FloatVector x12 = FloatVector.fromArray(SPECIES, s, init + 6 * W);
    FloatVector x13 = FloatVector.fromArray(SPECIES, s, init + 7 * W);
    FloatVector x20 = FloatVector.fromArray(SPECIES, s, init + 8 * W);
    FloatVector x21 = FloatVector.fromArray(SPECIES, s, init + 9 * W);
    FloatVector x22 = FloatVector.fromArray(SPECIES, s, init + 10 * W);
    FloatVector x23 = FloatVector.fromArray(SPECIES, s, init + 11 * W);
    FloatVector x30 = FloatVector.fromArray(SPECIES, s, init + 12 * W);
    FloatVector x31 = FloatVector.fromArray(SPECIES, s, init + 13 * W);
    FloatVector x32 = FloatVector.fromArray(SPECIES, s, init + 14 * W);
    FloatVector x33 = FloatVector.fromArray(SPECIES, s, init + 15 * W);
    FloatVector x40 = FloatVector.fromArray(SPECIES, s, init + 16 * W);
    FloatVector x41 = FloatVector.fromArray(SPECIES, s, init + 17 * W);
    FloatVector x42 = FloatVector.fromArray(SPECIES, s, init + 18 * W);
    FloatVector x43 = FloatVector.fromArray(SPECIES, s, init + 19 * W);
    FloatVector x50 = FloatVector.fromArray(SPECIES, s, init + 20 * W);
    FloatVector x51 = FloatVector.fromArray(SPECIES, s, init + 21 * W);
    FloatVector x52 = FloatVector.fromArray(SPECIES, s, init + 22 * W);
    FloatVector x53 = FloatVector.fromArray(SPECIES, s, init + 23 * W);
    for (int p = 0; p < depth; p++) {
      long row = b + p * (4 * VECTOR_BYTES);
      FloatVector b0 = SgemmPanels.load(row);
      FloatVector b1 = SgemmPanels.load(row + VECTOR_BYTES);
      FloatVector b2 = SgemmPanels.load(row + 2 * VECTOR_BYTES);
      FloatVector b3 = SgemmPanels.load(row + 3 * VECTOR_BYTES);
      FloatVector v = FloatVector.broadcast(SPECIES, s[a + p]);
      x00 = v.fma(b0, x00);
      x01 = v.fma(b1, x01);
      x02 = v.fma(b2, x02);
      x03 = v.fma(b3, x03);
      v = FloatVector.broadcast(SPECIES, s[a1 + p]);
      x10 = v.fma(b0, x10);
      x11 = v.fma(b1, x11);
      x12 = v.fma(b2, x12);
      x13 = v.fma(b3, x13);
      v = FloatVector.broadcast(SPECIES, s[a2 + p]);
      x20 = v.fma(b0, x20);
      x21 = v.fma(b1, x21);
      x22 = v.fma(b2, x22);
      x23 = v.fma(b3, x23);
      v = FloatVector.broadcast(SPECIES, s[a3 + p]);
      x30 = v.fma(b0, x30);
      x31 = v.fma(b1, x31);
      x32 = v.fma(b2, x32);
      x33 = v.fma(b3, x33);
      v = FloatVector.broadcast(SPECIES, s[a4 + p]);
      x40 = v.fma(b0, x40);
      x41 = v.fma(b1, x41);
      x42 = v.fma(b2, x42);
      x43 = v.fma(b3, x43);
      v = FloatVector.broadcast(SPECIES, s[a5 + p]);
      x50 = v.fma(b0, x50);
      x51 = v.fma(b1, x51);
      x52 = v.fma(b2, x52);
      x53 = v.fma(b3, x53);
    }
    x00.intoArray(s, tile);
    x01.intoArray(s, tile + W);
    x02.intoArray(s, tile + 2 * W);
    x03.intoArray(s, tile + 3 * W);
    x10.intoArray(s, tile + 4 * W);
    x11.intoArray(s, tile + 5 * W);
    x12.intoArray(s, tile + 6 * W);
    x13.intoArray(s, tile + 7 * W);
    x20.intoArray(s, tile + 8 * W);
    x21.intoArray(s, tile + 9 * W);
    x22.intoArray(s, tile + 10 * W);
    x23.intoArray(s, tile + 11 * W);
    x30.intoArray(s, tile + 12 * W);
    x31.intoArray(s, tile + 13 * W);
    x32.intoArray(s, tile + 14 * W);
    x33.intoArray(s, tile + 15 * W);
    x40.intoArray(s, tile + 16 * W);
    x41.intoArray(s, tile + 17 * W);
    x42.intoArray(s, tile + 18 * W);
    x43.intoArray(s, tile + 19 * W);
    x50.intoArray(s, tile + 20 * W);
    x51.intoArray(s, tile + 21 * W);
    x52.intoArray(s, tile + 22 * W);
    x53.intoArray(s, tile + 23 * W);
  }

  private static void tile3(
      float[] s, int tile, int init, int a, int aStride, int lastRow, long b, int depth) {
    int a1 = a + Math.min(1, lastRow) * aStride;
    int a2 = a + Math.min(2, lastRow) * aStride;
    int a3 = a + Math.min(3, lastRow) * aStride;
    int a4 = a + Math.min(4, lastRow) * aStride;
    int a5 = a + Math.min(5, lastRow) * aStride;
    FloatVector x00 = FloatVector.fromArray(SPECIES, s, init);
    FloatVector x01 = FloatVector.fromArray(SPECIES, s, init + W);
    FloatVector x02 = FloatVector.fromArray(SPECIES, s, init + 2 * W);
    FloatVector x10 = FloatVector.fromArray(SPECIES, s, init + 3 * W);
    FloatVector x11 = FloatVector.fromArray(SPECIES, s, init + 4 * W);
    FloatVector x12 = FloatVector.fromArray(SPECIES, s, init + 5 * W);
    FloatVector x20 = FloatVector.fromArray(SPECIES, s, init + 6 * W);
    FloatVector x21 = FloatVector.fromArray(SPECIES, s, init + 7 * W);
    FloatVector x22 = FloatVector.fromArray(SPECIES, s, init + 8 * W);
    FloatVector x30 = FloatVector.fromArray(SPECIES, s, init + 9 * W);
    FloatVector x31 = FloatVector.fromArray(SPECIES, s, init + 10 * W);
    FloatVector x32 = FloatVector.fromArray(SPECIES, s, init + 11 * W);
    FloatVector x40 = FloatVector.fromArray(SPECIES, s, init + 12 * W);
    FloatVector x41 = FloatVector.fromArray(SPECIES, s, init + 13 * W);
    FloatVector x42 = FloatVector.fromArray(SPECIES, s, init + 14 * W);
    FloatVector x50 = FloatVector.fromArray(SPECIES, s, init + 15 * W);
    FloatVector x51 = FloatVector.fromArray(SPECIES, s, init + 16 * W);
    FloatVector x52 = FloatVector.fromArray(SPECIES, s, init + 17 * W);
    for (int p = 0; p < depth; p++) {
      long row = b + p * (3 * VECTOR_BYTES);
      FloatVector b0 = SgemmPanels.load(row);
      FloatVector b1 = SgemmPanels.load(row + VECTOR_BYTES);
      FloatVector b2 = SgemmPanels.load(row + 2 * VECTOR_BYTES);
      FloatVector v = FloatVector.broadcast(SPECIES, s[a + p]);
      x00 = v.fma(b0, x00);
      x01 = v.fma(b1, x01);
      x02 = v.fma(b2, x02);
      v = FloatVector.broadcast(SPECIES, s[a1 + p]);
      x10 = v.fma(b0, x10);
      x11 = v.fma(b1, x11);
      x12 = v.fma(b2, x12);
      v = FloatVector.broadcast(SPECIES, s[a2 + p]);
      x20 = v.fma(b0, x20);
      x21 = v.fma(b1, x21);
      x22 = v.fma(b2, x22);
      v = FloatVector.broadcast(SPECIES, s[a3 + p]);
      x30 = v.fma(b0, x30);
      x31 = v.fma(b1, x31);
      x32 = v.fma(b2, x32);
      v = FloatVector.broadcast(SPECIES, s[a4 + p]);
      x40 = v.fma(b0, x40);
      x41 = v.fma(b1, x41);
      x42 = v.fma(b2, x42);
      v = FloatVector.broadcast(SPECIES, s[a5 + p]);
      x50 = v.fma(b0, x50);
      x51 = v.fma(b1, x51);
      x52 = v.fma(b2, x52);
    }
    x00.intoArray(s, tile);
    x01.intoArray(s, tile + W);
    x02.intoArray(s, tile + 2 * W);
    x10.intoArray(s, tile + 3 * W);
    x11.intoArray(s, tile + 4 * W);
    x12.intoArray(s, tile + 5 * W);
    x20.intoArray(s, tile + 6 * W);
    x21.intoArray(s, tile + 7 * W);
    x22.intoArray(s, tile + 8 * W);
    x30.intoArray(s, tile + 9 * W);
    x31.intoArray(s, tile + 10 * W);
    x32.intoArray(s, tile + 11 * W);
    x40.intoArray(s, tile + 12 * W);
    x41.intoArray(s, tile + 13 * W);
    x42.intoArray(s, tile + 14 * W);
    x50.intoArray(s, tile + 15 * W);
    x51.intoArray(s, tile + 16 * W);
    x52.intoArray(s, tile + 17 * W);
  }

  private static void tile2(
      float[] s, int tile, int init, int a, int aStride, int lastRow, long b, int depth) {
    int a1 = a + Math.min(1, lastRow) * aStride;
    int a2 = a + Math.min(2, lastRow) * aStride;
    int a3 = a + Math.min(3, lastRow) * aStride;
    int a4 = a + Math.min(4, lastRow) * aStride;
    int a5 = a + Math.min(5, lastRow) * aStride;
    FloatVector x00 = FloatVector.fromArray(SPECIES, s, init);
    FloatVector x01 = FloatVector.fromArray(SPECIES, s, init + W);
    FloatVector x10 = FloatVector.fromArray(SPECIES, s, init + 2 * W);
    FloatVector x11 = FloatVector.fromArray(SPECIES, s, init + 3 * W);
    FloatVector x20 = FloatVector.fromArray(SPECIES, s, init + 4 * W);
    FloatVector x21 = FloatVector.fromArray(SPECIES, s, init + 5 * W);
    FloatVector x30 = FloatVector.fromArray(SPECIES, s, init + 6 * W);
    FloatVector x31 = FloatVector.fromArray(SPECIES, s, init + 7 * W);
    FloatVector x40 = FloatVector.fromArray(SPECIES, s, init + 8 * W);
    FloatVector x41 = FloatVector.fromArray(SPECIES, s, init + 9 * W);
    FloatVector x50 = FloatVector.fromArray(SPECIES, s, init + 10 * W);
    FloatVector x51 = FloatVector.fromArray(SPECIES, s, init + 11 * W);
    for (int p = 0; p < depth; p++) {
      long row = b + p * (2 * VECTOR_BYTES);
      FloatVector b0 = SgemmPanels.load(row);
      FloatVector b1 = SgemmPanels.load(row + VECTOR_BYTES);
      FloatVector v = FloatVector.broadcast(SPECIES, s[a + p]);
      x00 = v.fma(b0, x00);
      x01 = v.fma(b1, x01);
      v = FloatVector.broadcast(SPECIES, s[a1 + p]);
      x10 = v.fma(b0, x10);
      x11 = v.fma(b1, x11);
      v = FloatVector.broadcast(SPECIES, s[a2 + p]);
      x20 = v.fma(b0, x20);
      x21 = v.fma(b1, x21);
      v = FloatVector.broadcast(SPECIES, s[a3 + p]);
      x30 = v.fma(b0, x30);
      x31 = v.fma(b1, x31);
      v = FloatVector.broadcast(SPECIES, s[a4 + p]);
      x40 = v.fma(b0, x40);
      x41 = v.fma(b1, x41);
      v = FloatVector.broadcast(SPECIES, s[a5 + p]);
      x50 = v.fma(b0, x50);
      x51 = v.fma(b1, x51);
    }
    x00.intoArray(s, tile);
    x01.intoArray(s, tile + W);
    x10.intoArray(s, tile + 2 * W);
    x11.intoArray(s, tile + 3 * W);
    x20.intoArray(s, tile + 4 * W);
    x21.intoArray(s, tile + 5 * W);
    x30.intoArray(s, tile + 6 * W);
    x31.intoArray(s, tile + 7 * W);
    x40.intoArray(s, tile + 8 * W);
    x41.intoArray(s, tile + 9 * W);
    x50.intoArray(s, tile + 10 * W);
    x51.intoArray(s, tile + 11 * W);
  }

  private static void tile1(
      float[] s, int tile, int init, int a, int aStride, int lastRow, long b, int depth) {
    int a1 = a + Math.min(1, lastRow) * aStride;
    int a2 = a + Math.min(2, lastRow) * aStride;
    int a3 = a + Math.min(3, lastRow) * aStride;
    int a4 = a + Math.min(4, lastRow) * aStride;
    int a5 = a + Math.min(5, lastRow) * aStride;
    FloatVector x00 = FloatVector.fromArray(SPECIES, s, init);
    FloatVector x10 = FloatVector.fromArray(SPECIES, s, init + W);
    FloatVector x20 = FloatVector.fromArray(SPECIES, s, init + 2 * W);
    FloatVector x30 = FloatVector.fromArray(SPECIES, s, init + 3 * W);
    FloatVector x40 = FloatVector.fromArray(SPECIES, s, init + 4 * W);
    FloatVector x50 = FloatVector.fromArray(SPECIES, s, init + 5 * W);
    for (int p = 0; p < depth; p++) {
      long row = b + p * VECTOR_BYTES;
      FloatVector b0 = SgemmPanels.load(row);
      FloatVector v = FloatVector.broadcast(SPECIES, s[a + p]);
      x00 = v.fma(b0, x00);
      v = FloatVector.broadcast(SPECIES, s[a1 + p]);
      x10 = v.fma(b0, x10);
      v = FloatVector.broadcast(SPECIES, s[a2 + p]);
      x20 = v.fma(b0, x20);
      v = FloatVector.broadcast(SPECIES, s[a3 + p]);
      x30 = v.fma(b0, x30);
      v = FloatVector.broadcast(SPECIES, s[a4 + p]);
      x40 = v.fma(b0, x40);
      v = FloatVector.broadcast(SPECIES, s[a5 + p]);
      x50 = v.fma(b0, x50);
    }
    x00.intoArray(s, tile);
    x10.intoArray(s, tile + W);
    x20.intoArray(s, tile + 2 * W);
    x30.intoArray(s, tile + 3 * W);
    x40.intoArray(s, tile + 4 * W);
    x50.intoArray(s, tile + 5 * W);
  }
}
