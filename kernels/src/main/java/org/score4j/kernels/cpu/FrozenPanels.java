package org.score4j.kernels.cpu;

/** Panels of a B: what the tiles of a product read. */
sealed interface FrozenPanels {
  /** Panels of F32, or of BF16 that was widened. */
  record Wide(float[] values) implements FrozenPanels {}

  /** Panels of BF16, see {@link NarrowPanels#pack}. */
  record Narrow(int[] words) implements FrozenPanels {}

  /** Size in words of 32 bits. */
  default int length() {
    return switch (this) {
      case Wide(float[] values) -> values.length;
      case Narrow(int[] words) -> words.length;
    };
  }
}
