package org.score4j.kernels;

import org.jspecify.annotations.Nullable;

/**
 * The language-model head and everything that is read from its logits, in one operation. It runs on
 * the rows that something reads and in chunks, so a (tokens, vocabulary) matrix of logits never
 * exists.
 *
 * <p>N rows, D width, V vocabulary, R width of the reference model. With y = hidden · headᵀ, z = y
 * · inverseTemperature or, where logits are capped (Gemma 2), z = softCap · tanh(y/softCap) ·
 * inverseTemperature, and π = softmax(z), a row's loss is {@code −logProbCoef · log π(target) +
 * klCoef · KL(π ‖ π_ref) − entropyCoef · H(π)}, whose gradient is
 *
 * <pre>
 * dLoss/dz_v = logProbCoef · (π_v − 1[v = target]) + klCoef · π_v · (log π_v − log π_ref,v − KL)
 *              + entropyCoef · π_v · (log π_v + H)
 * </pre>
 *
 * and dz/dy = inverseTemperature · (1 − tanh²(y/softCap)), the parenthesis 1 without a cap.
 * Cross-entropy is {@code logProbCoef = 1/normaliser}; a policy gradient is {@code logProbCoef =
 * advantage/normaliser}.
 */
public interface LossKernels {
  /**
   * Numbers per row, all (N) in the state type.
   *
   * @param logProb log π(target)
   * @param entropy −Σ_v π_v log π_v
   * @param kl exact KL(π ‖ π_ref) = Σ_v π_v (log π_v − log π_ref,v) over the full vocabulary; null
   *     without a reference
   * @param refLogProb log π_ref(target); null without a reference
   */
  record HeadOutputs(
      Tensor logProb, Tensor entropy, @Nullable Tensor kl, @Nullable Tensor refLogProb) {}

  /**
   * Where the gradients go and what they are weighted with.
   *
   * @param dHidden (N, D), overwritten
   * @param dHead (V, D), accumulated, in the state type; null where the head is frozen
   * @param logProbCoef (N), in the state type
   * @param klCoef (N), in the state type; null where no KL gradient is wanted
   * @param entropyCoef (N), in the state type; null where no entropy gradient is wanted
   */
  record HeadGradients(
      Tensor dHidden,
      @Nullable Tensor dHead,
      Tensor logProbCoef,
      @Nullable Tensor klCoef,
      @Nullable Tensor entropyCoef) {
    /** Without a gradient of the entropy. */
    public HeadGradients(
        Tensor dHidden, @Nullable Tensor dHead, Tensor logProbCoef, @Nullable Tensor klCoef) {
      this(dHidden, dHead, logProbCoef, klCoef, null);
    }
  }

  /**
   * The frozen reference model's side.
   *
   * @param hidden (N, R), its final hidden states at the same rows
   * @param head (V, R)
   */
  record HeadReference(Tensor hidden, Tensor head) {}

  /**
   * Log-probabilities, entropies, exact KL and, if asked for, gradients.
   *
   * @param outputs written per row
   * @param gradients null for scoring alone
   * @param hidden (N, D), normalised final hidden states
   * @param head (V, D)
   * @param targets (N) I32, each in 0..V-1
   * @param reference null where no KL is wanted
   * @param inverseTemperature factor of both models' logits, 1 in training as in the paper
   * @param softCap of both models' logits, 0 for none
   */
  void lmHead(
      HeadOutputs outputs,
      @Nullable HeadGradients gradients,
      Tensor hidden,
      Tensor head,
      Tensor targets,
      @Nullable HeadReference reference,
      double inverseTemperature,
      double softCap);
}
