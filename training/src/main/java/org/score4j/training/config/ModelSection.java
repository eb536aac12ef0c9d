package org.score4j.training.config;

import java.util.Arrays;
import org.score4j.core.model.ModelConfig;
import org.score4j.core.model.Recompute;
import org.score4j.training.settings.ConfigException;
import org.score4j.training.settings.Ranges;

/**
 * The transformer: sizes of a new one, or the folder of one to start from.
 *
 * @param path Hugging Face folder to start from; empty for a new model of the sizes below
 * @param hiddenSize width of the residual stream
 * @param numLayers blocks
 * @param numHeads query heads
 * @param numKvHeads key/value heads
 * @param headDim width of a head
 * @param intermediateSize width of the feed-forward layer
 * @param maxPositions longest sequence
 * @param rmsNormEps added to the mean square in norms
 * @param ropeTheta base of the rotary frequencies
 * @param tieWordEmbeddings whether head and embedding are one tensor
 * @param embeddingStd standard deviation of a new embedding
 * @param headStd standard deviation of a new head
 * @param recompute none, norms or blocks: which activations are computed again in the backward
 *     pass, for memory; changes no result on the CPU
 */
public record ModelSection(
    String path,
    int hiddenSize,
    int numLayers,
    int numHeads,
    int numKvHeads,
    int headDim,
    int intermediateSize,
    int maxPositions,
    double rmsNormEps,
    double ropeTheta,
    boolean tieWordEmbeddings,
    double embeddingStd,
    double headStd,
    String recompute) {
  /** Refuses sizes no model can have. */
  public ModelSection {
    Ranges.atLeast("model.hiddenSize", hiddenSize, 1);
    Ranges.atLeast("model.numLayers", numLayers, 1);
    Ranges.atLeast("model.numHeads", numHeads, 1);
    Ranges.atLeast("model.numKvHeads", numKvHeads, 1);
    Ranges.atLeast("model.headDim", headDim, 2);
    Ranges.atLeast("model.intermediateSize", intermediateSize, 1);
    Ranges.atLeast("model.maxPositions", maxPositions, 1);
    Ranges.positive("model.rmsNormEps", rmsNormEps);
    Ranges.positive("model.ropeTheta", ropeTheta);
    Ranges.positive("model.embeddingStd", embeddingStd);
    Ranges.positive("model.headStd", headStd);
    if (Arrays.stream(Recompute.values()).noneMatch(level -> level.toString().equals(recompute))) {
      throw new ConfigException(
          "model.recompute is '%s'; it must be one of %s"
              .formatted(recompute, Arrays.toString(Recompute.values())));
    }
  }

  /** Which activations are computed again. */
  public Recompute recomputeLevel() {
    return Recompute.byName(recompute);
  }

  /** A new model of these sizes. */
  public ModelConfig newModel(int vocabSize) {
    return new ModelConfig(
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
        null,
        tieWordEmbeddings,
        false,
        false);
  }
}
