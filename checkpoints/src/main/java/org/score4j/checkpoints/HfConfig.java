package org.score4j.checkpoints;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The {@code config.json} of a Hugging Face model folder, checked: everything the transformer
 * needs, and nothing that it would get wrong.
 *
 * @param modelType {@code llama}, {@code mistral}, {@code qwen2}, {@code qwen3}, {@code gemma2} or
 *     {@code gemma3_text}
 * @param architectures one name, of the family's causal language model
 * @param headDim width of one head; heads × headDim may differ from hiddenSize
 * @param maxPositions longest sequence in tokens, {@code max_position_embeddings}
 * @param ropeScaling null for plain rotary embeddings
 * @param qkvBias bias on query, key and value projections; no family here has one on the output
 *     projection
 * @param qkNorm RMS norm over each head of query and key
 * @param bosTokenId null when the model has none
 * @param eosTokenIds any of them ends a text; may be empty
 * @param torchDtype type the weights were saved in
 * @param options what only some families have
 */
public record HfConfig(
    String modelType,
    List<String> architectures,
    int vocabSize,
    int hiddenSize,
    int intermediateSize,
    int numLayers,
    int numHeads,
    int numKvHeads,
    int headDim,
    int maxPositions,
    double rmsNormEps,
    double ropeTheta,
    @Nullable Llama3RopeScaling ropeScaling,
    boolean tieWordEmbeddings,
    boolean qkvBias,
    boolean qkNorm,
    String hiddenAct,
    @Nullable Integer bosTokenId,
    List<Integer> eosTokenIds,
    StoredType torchDtype,
    Options options) {

  public static final String FILE = "config.json";

  /**
   * The {@code llama3} scaling of rotary frequencies.
   *
   * @param originalMaxPositions length in tokens before the scaling, {@code
   *     original_max_position_embeddings}
   */
  public record Llama3RopeScaling(
      double factor, double lowFreqFactor, double highFreqFactor, int originalMaxPositions) {}

  /**
   * What only some families have.
   *
   * @param ropeLinearFactor positions are divided by it, 1 for none; not in local layers
   * @param queryPreAttnScalar scores are divided by its root, 0 for the head's width
   * @param attentionSoftCap {@code attn_logit_softcapping}, 0 for none
   * @param finalSoftCap {@code final_logit_softcapping}, 0 for none
   * @param local layers with a sliding window; null for none
   */
  public record Options(
      double ropeLinearFactor,
      double queryPreAttnScalar,
      double attentionSoftCap,
      double finalSoftCap,
      @Nullable LocalAttention local) {
    /** Full attention, nothing capped or scaled. */
    public static final Options NONE = new Options(1, 0, 0, 0, null);
  }

  /**
   * Layers with a sliding window.
   *
   * @param window keys a query sees, its own included
   * @param layers whether each layer is one of them
   * @param ropeTheta base of their rotary frequencies
   */
  public record LocalAttention(int window, List<Boolean> layers, double ropeTheta) {
    public LocalAttention {
      layers = List.copyOf(layers);
    }
  }

  public HfConfig {
    architectures = List.copyOf(architectures);
    eosTokenIds = List.copyOf(eosTokenIds);
  }

  /**
   * Reads {@code config.json} of a model folder; refuses by name what would be computed wrongly.
   */
  public static HfConfig read(Path folder) {
    return HfConfigReader.read(folder.resolve(FILE));
  }

  /** The same model stored in another type. */
  HfConfig withDtype(StoredType dtype) {
    return with(tieWordEmbeddings, dtype);
  }

  /** The same model with a head that is not its embedding. */
  HfConfig untied() {
    return with(false, torchDtype);
  }

  private HfConfig with(boolean tied, StoredType dtype) {
    return new HfConfig(
        modelType,
        architectures,
        vocabSize,
        hiddenSize,
        intermediateSize,
        numLayers,
        numHeads,
        numKvHeads,
        headDim,
        maxPositions,
        rmsNormEps,
        ropeTheta,
        ropeScaling,
        tied,
        qkvBias,
        qkNorm,
        hiddenAct,
        bosTokenId,
        eosTokenIds,
        dtype,
        options);
  }

  /** Writes {@code config.json} and {@code generation_config.json} into a folder. */
  public void write(Path folder) {
    HfConfigWriter.write(folder, this);
  }
}
