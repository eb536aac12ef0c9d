package org.score4j.kernels;

/**
 * Head layout of grouped-query attention. The query, key and value heads of a token lie side by
 * side in one row of a {@code qkv} tensor: {@code (tokens, (numHeads + 2·numKvHeads)·headDim)},
 * queries first, then keys, then values.
 *
 * @param numHeads query heads
 * @param numKvHeads key and value heads, a divisor of {@code numHeads}
 * @param headDim width of a head, even
 */
public record AttentionShape(int numHeads, int numKvHeads, int headDim) {

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

  /** Factor of the scores, 1/√headDim. */
  public double scale() {
    return 1 / Math.sqrt(headDim);
  }
}
