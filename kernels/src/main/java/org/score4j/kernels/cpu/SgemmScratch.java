package org.score4j.kernels.cpu;

import java.lang.foreign.Arena;

/**
 * Memory that a product of {@link CpuSgemm} overwrites.
 *
 * @param block at least {@link CpuSgemm#blockFloats} floats: a tile and a block of A
 * @param panels address of {@link CpuSgemm#panelBytes} bytes, a multiple of 64: panels of B
 */
public record SgemmScratch(float[] block, long panels) {
  private static final int ALIGNMENT_BYTES = 64;

  /** For a product of (m, k) by (k, n), as long as {@code arena} lives. */
  public static SgemmScratch in(Arena arena, int m, int n, int k) {
    return new SgemmScratch(
        new float[CpuSgemm.blockFloats(m, k)],
        arena.allocate(CpuSgemm.panelBytes(m, n, k), ALIGNMENT_BYTES).address());
  }

  /** That of one of a pool's threads, for a product of (m, k) by (k, n). */
  static SgemmScratch of(CpuThreadPool pool, int thread, int m, int n, int k) {
    return new SgemmScratch(
        pool.floats(thread, CpuSgemm.blockFloats(m, k)),
        pool.scratch(thread, CpuSgemm.panelBytes(m, n, k)));
  }
}
