package org.score4j.kernels.cpu;

/**
 * Panels of a B over its whole depth: what the tiles of a product read, see {@link SgemmPacked}.
 *
 * @param address of the first
 * @param narrow whether they are of BF16, see {@link NarrowPanels#pack}, instead of F32
 * @param part columns after which panels start anew, so that threads can share B evenly: a multiple
 *     of {@link SgemmTiles#W}, in BF16 of {@link CpuSgemm#PANEL}
 */
record FrozenPanels(long address, boolean narrow, int part) {
  /** The width of the panel that starts at a column of B, which has {@code n} of them. */
  int width(int column, int n) {
    int end = Math.min(n, column - column % part + part);
    return Math.min(CpuSgemm.PANEL, end - column);
  }

  /** Panels of a whole part. */
  int panelsOfPart() {
    return Math.ceilDiv(part, CpuSgemm.PANEL);
  }

  /** The number of panels of a B of {@code n} columns. */
  int count(int n) {
    return n / part * panelsOfPart() + Math.ceilDiv(n % part, CpuSgemm.PANEL);
  }

  /** Where the panel lies before which {@code elements} others do. */
  long at(long elements) {
    return address + elements * (narrow ? NarrowMemory.BYTES : Float.BYTES);
  }
}
