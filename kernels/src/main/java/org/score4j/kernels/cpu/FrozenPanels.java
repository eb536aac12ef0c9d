package org.score4j.kernels.cpu;

/**
 * Panels of a B over its whole depth: what the tiles of a product read, see {@link SgemmPacked}.
 *
 * @param address of the first
 * @param narrow whether they are of BF16, see {@link NarrowPanels#pack}, instead of F32
 */
record FrozenPanels(long address, boolean narrow) {
  /** Columns of a panel. */
  int width() {
    return narrow ? CpuSgemm.PANEL : SgemmPacked.WIDE_PANEL;
  }

  /** Where the panel lies before which {@code elements} others do. */
  long at(long elements) {
    return address + elements * (narrow ? NarrowMemory.BYTES : Float.BYTES);
  }
}
