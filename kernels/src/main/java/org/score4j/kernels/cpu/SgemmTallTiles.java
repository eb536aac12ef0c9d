package org.score4j.kernels.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link SgemmTiles} with eight rows by two vectors, for panels that come from memory: more is
 * computed on each line of the cache as it arrives than by six rows, and sixteen rows read a panel
 * twice instead of three times. The accumulators need more registers than AVX2 has.
 */
final class SgemmTallTiles {
  private static final VectorSpecies<Float> SPECIES = SgemmTiles.SPECIES;
  private static final int W = SgemmTiles.W;
  private static final long VECTOR_BYTES = SgemmTiles.VECTOR_BYTES;

  /** Rows of a tile. */
  static final int ROWS = 8;

  /** Vectors of a tile. */
  static final int VECTORS = 2;

  /** Whether this machine has the registers. */
  static final boolean FIT = W != 8;

  private SgemmTallTiles() {}

  /**
   * {@code tile = init + a · b}; see {@link SgemmTiles#tile}.
   *
   * @param b address of (depth, 2 · W)
   */
  static void tile(
      float[] s, int tile, int init, int a, int aStride, int lastRow, long b, int depth) {
    int a1 = a + Math.min(1, lastRow) * aStride;
    int a2 = a + Math.min(2, lastRow) * aStride;
    int a3 = a + Math.min(3, lastRow) * aStride;
    int a4 = a + Math.min(4, lastRow) * aStride;
    int a5 = a + Math.min(5, lastRow) * aStride;
    int a6 = a + Math.min(6, lastRow) * aStride;
    int a7 = a + Math.min(7, lastRow) * aStride;
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
    FloatVector x60 = FloatVector.fromArray(SPECIES, s, init + 12 * W);
    FloatVector x61 = FloatVector.fromArray(SPECIES, s, init + 13 * W);
    FloatVector x70 = FloatVector.fromArray(SPECIES, s, init + 14 * W);
    FloatVector x71 = FloatVector.fromArray(SPECIES, s, init + 15 * W);
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
      v = FloatVector.broadcast(SPECIES, s[a6 + p]);
      x60 = v.fma(b0, x60);
      x61 = v.fma(b1, x61);
      v = FloatVector.broadcast(SPECIES, s[a7 + p]);
      x70 = v.fma(b0, x70);
      x71 = v.fma(b1, x71);
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
    x60.intoArray(s, tile + 12 * W);
    x61.intoArray(s, tile + 13 * W);
    x70.intoArray(s, tile + 14 * W);
    x71.intoArray(s, tile + 15 * W);
  }
}
