package org.score4j.core.model;

import java.util.List;
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
 * @param qkNorm whether query and key heads are normalised (Qwen3, Gemma 3)
 * @param geluGate whether the feed-forward gate is GELU in its tanh form and not SiLU (Gemma)
 * @param unitOffsetNorms whether weights of norms are kept as their distance from 1 (Gemma)
 * @param postNorms whether attention and feed-forward outputs are normalised before they join the
 *     residual stream (Gemma 2 and 3)
 * @param embedScale factor of embeddings, 1 for none; √hiddenSize for Gemma
 * @param attentionScale factor of attention scores, 1/√headDim unless a config has a {@code
 *     query_pre_attn_scalar}
 * @param attentionSoftCap cap of attention scores (Gemma 2), 0 for none
 * @param finalSoftCap cap of logits (Gemma 2), 0 for none
 * @param ropeLinearFactor positions are divided by it before they are rotated, 1 for none; not in
 *     local layers
 * @param local layers that see a window alone; null for none
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
    boolean qkNorm,
    boolean geluGate,
    boolean unitOffsetNorms,
    boolean postNorms,
    double embedScale,
    double attentionScale,
    double attentionSoftCap,
    double finalSoftCap,
    double ropeLinearFactor,
    @Nullable LocalAttention local) {

  /** A Llama- or Qwen-style model: SiLU gates, plain norms, full attention, nothing scaled. */
  public ModelConfig(
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
    this(
        vocabSize,
        hiddenSize,
        numLayers,
        numHeads,
        numKvHeads,
        headDim,
        intermediateSize,
        maxPositions,
        rmsNormEps,
        ropeTheta,
        ropeScaling,
        tieWordEmbeddings,
        qkvBias,
        qkNorm,
        false,
        false,
        false,
        1,
        1 / Math.sqrt(headDim),
        0,
        0,
        1,
        null);
  }

  /**
   * Layers whose queries see the last {@code window} keys alone.
   *
   * @param window keys, the query's own included
   * @param layers whether each layer is such a one, as many as the model has
   * @param ropeTheta base of their rotary frequencies, which are not scaled
   */
  public record LocalAttention(int window, List<Boolean> layers, double ropeTheta) {
    /** Refuses a window that sees nothing. */
    public LocalAttention {
      layers = List.copyOf(layers);
      positive("sliding_window", window);
    }
  }

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
    new AttentionShape(numHeads, numKvHeads, headDim, attentionScale, attentionSoftCap, 0);
    if (!(rmsNormEps > 0) || !(ropeTheta > 0)) {
      throw new IllegalArgumentException(
          "model: rms_norm_eps is %s and rope_theta %s, both must be positive"
              .formatted(rmsNormEps, ropeTheta));
    }
    if (!(embedScale > 0) || !(finalSoftCap >= 0) || !(ropeLinearFactor > 0)) {
      throw new IllegalArgumentException(
          "model: embedScale is %s, final_logit_softcapping %s and the factor of rope_scaling %s; they must be positive, the second may be 0 (none)"
              .formatted(embedScale, finalSoftCap, ropeLinearFactor));
    }
    if (local != null && (local.layers.size() != numLayers || !(local.ropeTheta > 0))) {
      throw new IllegalArgumentException(
          "model: %d layer_types for %d layers, local rope_theta %s; there must be one for each, and a positive base"
              .formatted(local.layers.size(), numLayers, local.ropeTheta));
    }
  }

  private static void positive(String key, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(
          "model: %s is %d, it must be at least 1".formatted(key, value));
    }
  }

  /** Head layout of the attention where it has no window. */
  public AttentionShape heads() {
    return heads(0);
  }

  /** Head layout and window of a layer's attention. */
  public AttentionShape headsOf(int layer) {
    return heads(isLocal(layer) && local != null ? local.window : 0);
  }

  AttentionShape heads(int window) {
    return new AttentionShape(
        numHeads, numKvHeads, headDim, attentionScale, attentionSoftCap, window);
  }

  /** Whether a layer sees a window alone. */
  public boolean isLocal(int layer) {
    return local != null && local.layers.get(layer);
  }

  /** What is added to the weights of norms: 0 or 1. */
  public double normOffset() {
    return unitOffsetNorms ? 1 : 0;
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
    long norms = (postNorms ? 4L : 2L) * hiddenSize;
    long block = attention + bias + headNorms + 3L * hiddenSize * intermediateSize + norms;
    long tables = (tieWordEmbeddings ? 1L : 2L) * vocabSize * hiddenSize;
    return tables + numLayers * block + hiddenSize;
  }
}
