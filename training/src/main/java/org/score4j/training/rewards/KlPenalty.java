package org.score4j.training.rewards;

/**
 * How KL(π ‖ π_ref) is estimated and where it enters. With log-ratio l = log π(a) − log π_ref(a) of
 * a sampled token a (Schulman, "Approximating KL divergence"): k1 = l, k2 = l²/2, k3 = e^−l − 1 +
 * l.
 *
 * <p>As a reward, k1 has the right gradient in expectation. As a loss, its own gradient has
 * expectation zero: it does nothing. k2's gradient as a loss is that of the KL in expectation. k3
 * as a loss has the gradient of the opposite KL(π_ref ‖ π), close to it near the reference; as a
 * reward it is biased. The exact KL sums over the whole vocabulary at the visited states and needs
 * no estimate.
 */
public enum KlPenalty {
  /** Σ_v π_v (log π_v − log π_ref,v) at every sampled position, with its gradient. */
  EXACT_LOSS,
  /** −β · Σ_tokens l added to the turn's reward. */
  K1_REWARD,
  /** β · l²/2 per token in the loss. */
  K2_LOSS,
  /** β · (e^−l − 1 + l) per token in the loss. */
  K3_LOSS;

  /** The penalty named by a config; known-wrong pairs are refused with the reason. */
  public static KlPenalty of(String estimator, String placement) {
    return switch (estimator + " in " + placement) {
      case "exact in loss" -> EXACT_LOSS;
      case "k1 in reward" -> K1_REWARD;
      case "k2 in loss" -> K2_LOSS;
      case "k3 in loss" -> K3_LOSS;
      case "k1 in loss" ->
          throw new IllegalArgumentException(
              "klEstimator k1 with klPlacement loss: the gradient of log π − log π_ref has"
                  + " expectation zero under π, so it penalises nothing; use exact or k2 in the"
                  + " loss, or k1 in the reward");
      case "k3 in reward" ->
          throw new IllegalArgumentException(
              "klEstimator k3 with klPlacement reward: its policy gradient is not that of the KL;"
                  + " use k1 in the reward, or exact in the loss");
      case "k2 in reward", "exact in reward" ->
          throw new IllegalArgumentException(
              "klEstimator %s with klPlacement reward: as a reward it leaves out the gradient of the estimate itself; use it in the loss, or k1 in the reward"
                  .formatted(estimator));
      default ->
          throw new IllegalArgumentException(
              "klEstimator '%s' with klPlacement '%s' is unknown; estimators are exact, k1, k2, k3, placements loss and reward"
                  .formatted(estimator, placement));
    };
  }

  /**
   * d estimate / d log π(a): what a token's log-prob coefficient gains per unit of β (with the sign
   * of a loss).
   */
  public double lossGradient(double logRatio) {
    return switch (this) {
      case K2_LOSS -> logRatio;
      case K3_LOSS -> 1 - Math.exp(-logRatio);
      case EXACT_LOSS, K1_REWARD -> 0;
    };
  }

  /**
   * Whether the sampled tokens' log-probs under the reference are needed before the backward pass.
   */
  public boolean needsReferenceLogProbs() {
    return this != EXACT_LOSS;
  }
}
