package org.score4j.kernels;

/**
 * Head layout of grouped-query attention. The query, key and value heads of a token lie side by
 * side in one row of a {@code qkv} tensor: {@code (tokens, (numHeads + 2·numKvHeads)·headDim)},
 * queries first, then keys, then values.
 *
 * @param numHeads query heads
 * @param numKvHeads key and value heads, a divisor of {@code numHeads}
 * @param headDim width of a head, even
 * @param scale factor of the scores
 * @param softCap scaled scores s become {@code softCap·tanh(s/softCap)} (Gemma 2, arXiv
 *     2408.00118); 0 for none
 * @param window keys a query sees at most, itself included (sliding window, arXiv 2310.06825); 0
 *     for all
 */
public record AttentionShape(
    int numHeads, int numKvHeads, int headDim, double scale, double softCap, int window) {

  /** Heads whose scores are scaled by 1/√headDim and see all keys. */
  public AttentionShape(int numHeads, int numKvHeads, int headDim) {
    this(numHeads, numKvHeads, headDim, 1 / Math.sqrt(headDim), 0, 0);
  }

  /** Refuses head counts that cannot be grouped. */
  public AttentionShape {
    if (numHeads < 1 || numKvHeads < 1 || numHeads % numKvHeads != 0) {
      throw new IllegalArgumentException(
          "attention: %d query heads cannot share %d key/value heads; the first must be a multiple of the second"
              .formatted(numHeads, numKvHeads));
    }
    if (headDim < 2 || headDim % 2 != 0) {
      throw new IllegalArgumentException(
          "attention: headDim " + headDim + " must be even and positive (RoPE rotates pairs)");
    }
    if (!(scale > 0) || !(softCap >= 0) || Double.isInfinite(scale + softCap) || window < 0) {
      throw new IllegalArgumentException(
          "attention: scale is %s, softCap %s and window %d; the first must be positive, the others positive or 0 (none)"
              .formatted(scale, softCap, window));
    }
  }

  /** Width of the attention output, {@code numHeads·headDim}. */
  public int queryWidth() {
    return numHeads * headDim;
  }

  /** Width of the keys, and of the values, of one token. */
  public int kvWidth() {
    return numKvHeads * headDim;
  }

  /** Width of a {@code qkv} row. */
  public int qkvWidth() {
    return (numHeads + 2 * numKvHeads) * headDim;
  }

  /** Query heads per key/value head. */
  public int groupSize() {
    return numHeads / numKvHeads;
  }

  /** Whether scores are capped or keys out of sight. */
  public boolean isCappedOrWindowed() {
    return softCap > 0 || window > 0;
  }

  /** Index of the first key that the query with index {@code query} in its sequence sees. */
  public int firstKey(int query) {
    return window == 0 ? 0 : Math.max(0, query - window + 1);
  }
}
