package org.score4j.kernels.cpu;

/** Panels of a B: what the tiles of a product read. */
sealed interface FrozenPanels {
  /**
   * Panels of F32.
   *
   * @param distant whether they belong to more weights than the caches hold, so that each pass over
   *     a model reads them from memory
   */
  record Wide(float[] values, boolean distant) implements FrozenPanels {}

  /** Panels of BF16, see {@link NarrowPanels#pack}. */
  record Narrow(int[] words) implements FrozenPanels {}

  /** The same panels among other weights. */
  default FrozenPanels withDistant(boolean distant) {
    return switch (this) {
      case Wide(float[] values, boolean _) -> new Wide(values, distant);
      case Narrow narrow -> narrow;
    };
  }

  /** Size in words of 32 bits. */
  default int length() {
    return switch (this) {
      case Wide(float[] values, boolean _) -> values.length;
      case Narrow(int[] words) -> words.length;
    };
  }
}
