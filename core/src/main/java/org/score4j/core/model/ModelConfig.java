package org.score4j.core.model;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.score4j.kernels.AttentionShape;

/**
 * Everything that shapes a transformer, in the terms of Hugging Face's {@code config.json}. One
 * class of model; families differ by flags.
 *
 * @param vocabSize V, entries of the embedding and of the head
 * @param hiddenSize D, width of the residual stream
 * @param numLayers number of blocks
 * @param numHeads query heads
 * @param numKvHeads key/value heads (grouped-query attention, arXiv 2305.13245)
 * @param headDim E, width of a head
 * @param intermediateSize F, width of the feed-forward layer
 * @param maxPositions longest sequence
 * @param rmsNormEps added to the mean square in every norm
 * @param ropeTheta base of the rotary frequencies
 * @param ropeScaling Llama 3's frequency scaling, null for none
 * @param tieWordEmbeddings whether the head is the embedding
 * @param qkvBias whether query, key and value projections have a bias (Qwen2)
 * @param qkNorm whether query and key heads are normalised (Qwen3)
 */
public record ModelConfig(
    int vocabSize,
    int hiddenSize,
    int numLayers,
    int numHeads,
    int numKvHeads,
    int headDim,
    int intermediateSize,
    int maxPositions,
    double rmsNormEps,
    double ropeTheta,
    @Nullable RopeScaling ropeScaling,
    boolean tieWordEmbeddings,
    boolean qkvBias,
    boolean qkNorm) {

  /**
   * Llama 3's scaling of rotary frequencies: long wavelengths are stretched, short ones kept, those
   * between are blended.
   *
   * @param factor stretch of the long wavelengths
   * @param lowFreqFactor wavelengths above {@code originalMaxPositions/lowFreqFactor} are long
   * @param highFreqFactor wavelengths below {@code originalMaxPositions/highFreqFactor} are short
   * @param originalMaxPositions context length before stretching
   */
  public record RopeScaling(
      double factor, double lowFreqFactor, double highFreqFactor, int originalMaxPositions) {}

  /** Refuses sizes no model can have. */
  public ModelConfig {
    positive("vocab_size", vocabSize);
    positive("hidden_size", hiddenSize);
    positive("num_hidden_layers", numLayers);
    positive("intermediate_size", intermediateSize);
    positive("max_position_embeddings", maxPositions);
    new AttentionShape(numHeads, numKvHeads, headDim);
    if (!(rmsNormEps > 0) || !(ropeTheta > 0)) {
      throw new IllegalArgumentException(
          "model: rms_norm_eps is %s and rope_theta %s, both must be positive"
              .formatted(rmsNormEps, ropeTheta));
    }
  }

  private static void positive(String key, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(
          "model: %s is %d, it must be at least 1".formatted(key, value));
    }
  }

  /** Head layout of the attention. */
  public AttentionShape heads() {
    return new AttentionShape(numHeads, numKvHeads, headDim);
  }

  /** Frequency scaling, if any. */
  public Optional<RopeScaling> scaling() {
    return Optional.ofNullable(ropeScaling);
  }

  /** Number of trained values. */
  public long numParameters() {
    long attention =
        (long) hiddenSize * heads().qkvWidth() + (long) heads().queryWidth() * hiddenSize;
    long bias = qkvBias ? heads().qkvWidth() : 0;
    long headNorms = qkNorm ? 2L * headDim : 0;
    long block =
        attention + bias + headNorms + 3L * hiddenSize * intermediateSize + 2L * hiddenSize;
    long tables = (tieWordEmbeddings ? 1L : 2L) * vocabSize * hiddenSize;
    return tables + numLayers * block + hiddenSize;
  }
}
