package org.score4j.kernels;

/**
 * Causal grouped-query attention, over packed segments (training, scoring) and over the paged KV
 * cache (generation).
 *
 * <p><b>Segments.</b> {@code segments} is (numSegments, 4) I32, rows {@code start, length,
 * prefixStart, prefixLength}: the tokens {@code start .. start+length} form a sequence that
 * continues the tokens {@code prefixStart .. prefixStart+prefixLength}, which belong to an earlier
 * segment without a prefix of its own (prefixLength 0: none). So a prompt is computed once for its
 * K continuations: a token attends to the prefix and to its own segment up to itself. Segments
 * cover all tokens, in order; a segment with a prefix comes after the one holding it with only
 * continuations of the same prefix in between.
 *
 * <p><b>Order of additions</b> on backends that promise equal bits: a score is a chain over
 * headDim; the softmax denominator is summed by key index modulo 16 and then in a fixed tree; the
 * output is a chain over the keys in order. Key indices count from the start of the sequence,
 * prefix included, so that packed, prefix-shared and cached attention agree bit for bit.
 *
 * <p>Scores are scaled, then capped where the {@link AttentionShape} says so. Where it has a
 * window, a query sees the last {@code window} of the keys it would see otherwise.
 *
 * <p>T tokens, H query heads, KV key/value heads, E headDim.
 */
public interface AttentionKernels {
  /** Tokens per KV page, a multiple of the sixteen lanes of the softmax order. */
  int PAGE_TOKENS = 16;

  /**
   * Attention over packed segments.
   *
   * @param out (T, H·E)
   * @param logSumExp (T, H) in the state type, saved for backward: log of the softmax denominator
   *     of the scaled and capped scores
   * @param qkv (T, (H+2KV)·E), rotated
   * @param segments (numSegments, 4) I32
   * @param heads head layout
   */
  void attention(Tensor out, Tensor logSumExp, Tensor qkv, Tensor segments, AttentionShape heads);

  /**
   * Gradient of {@link #attention}; probabilities are recomputed from {@code logSumExp}.
   *
   * @param dQkv (T, (H+2KV)·E)
   * @param dOut (T, H·E)
   * @param out (T, H·E)
   * @param qkv (T, (H+2KV)·E)
   * @param logSumExp (T, H)
   * @param segments (numSegments, 4) I32
   * @param heads head layout
   */
  void attentionBackward(
      Tensor dQkv,
      Tensor dOut,
      Tensor out,
      Tensor qkv,
      Tensor logSumExp,
      Tensor segments,
      AttentionShape heads);

  /**
   * Writes keys and values of new tokens into the cache. Within a page the layout is the backend's
   * own; only this family reads it.
   *
   * @param kPages (numPages, PAGE_TOKENS·KV·E), one layer's keys
   * @param vPages (numPages, PAGE_TOKENS·KV·E), one layer's values
   * @param qkv (T, (H+2KV)·E), rotated
   * @param slots (T) I32, {@code page·PAGE_TOKENS + offset} for each token
   * @param heads head layout
   */
  void appendKv(Tensor kPages, Tensor vPages, Tensor qkv, Tensor slots, AttentionShape heads);

  /**
   * Attention of new tokens against the cache that already holds them.
   *
   * @param out (T, H·E)
   * @param qkv (T, (H+2KV)·E), rotated; only the queries are read
   * @param kPages (numPages, PAGE_TOKENS·KV·E)
   * @param vPages (numPages, PAGE_TOKENS·KV·E)
   * @param pageTables (numSequences, maxPages) I32, the pages of each sequence in order
   * @param rowSequence (T) I32, the row of {@code pageTables} each token belongs to
   * @param rowLength (T) I32, how many keys each token sees, itself included
   * @param heads head layout
   */
  void pagedAttention(
      Tensor out,
      Tensor qkv,
      Tensor kPages,
      Tensor vPages,
      Tensor pageTables,
      Tensor rowSequence,
      Tensor rowLength,
      AttentionShape heads);

  /**
   * Copies whole pages inside the cache of one layer, for a fork that must write into a page it
   * shares.
   *
   * @param kPages (numPages, PAGE_TOKENS·KV·E)
   * @param vPages (numPages, PAGE_TOKENS·KV·E)
   * @param from (n) I32, source pages
   * @param to (n) I32, destination pages, none of them a source
   */
  void copyPages(Tensor kPages, Tensor vPages, Tensor from, Tensor to);
}
