package org.score4j.core.optim;

import org.jspecify.annotations.Nullable;
import org.score4j.core.model.Parameters;
import org.score4j.kernels.Ops;
import org.score4j.kernels.OptimizerKernels.AdamWStep;

/**
 * AdamW (arXiv 1711.05101) over a model's parameters with clipping by global norm. Matrices decay,
 * norm weights and biases do not. Owns its moments and the count of updates.
 */
public final class AdamW implements AutoCloseable {
  /**
   * Constants of a run.
   *
   * @param beta1 decay of the first moment
   * @param beta2 decay of the second moment
   * @param eps added to the root of the second moment
   * @param weightDecay decoupled decay of matrices
   * @param clipNorm largest global gradient norm; infinite for no clipping
   */
  public record Settings(
      double beta1, double beta2, double eps, double weightDecay, double clipNorm) {
    /** Refuses constants with which Adam does not work. */
    public Settings {
      if (!(beta1 >= 0 && beta1 < 1)
          || !(beta2 >= 0 && beta2 < 1)
          || !(eps > 0)
          || !(weightDecay >= 0)
          || !(clipNorm > 0)) {
        throw new IllegalArgumentException(
            "adamw: beta1 %s, beta2 %s, eps %s, weightDecay %s, clipNorm %s; betas must be in 0..1, eps and clipNorm positive, decay at least 0"
                .formatted(beta1, beta2, eps, weightDecay, clipNorm));
      }
    }
  }

  private final Ops ops;
  private final Settings settings;
  private final Parameters firstMoment;
  private final Parameters secondMoment;
  private final @Nullable Parameters master;
  private long step;

  /**
   * A fresh optimiser, moments zero.
   *
   * @param weights of the model to be updated, for their shapes
   * @param master the same weights in the state type, not owned; null where {@code weights} are of
   *     that type themselves
   */
  public AdamW(Ops ops, Parameters weights, @Nullable Parameters master, Settings settings) {
    this.ops = ops;
    this.settings = settings;
    this.master = master;
    this.firstMoment = Parameters.forStateOf(ops, "adam m", weights);
    this.secondMoment = Parameters.forStateOf(ops, "adam v", weights);
  }

  /**
   * Global L2 norm of the gradients; NaN or infinite if any of them is. Folds a tied head first.
   */
  public double gradientNorm(Parameters gradients) {
    gradients.foldTiedHead(ops);
    double vectors = gradients.lora().isPresent() ? 0 : ops.sumOfSquares(gradients.undecayed());
    return Math.sqrt(ops.sumOfSquares(gradients.decayed()) + vectors);
  }

  /**
   * One update of {@code weights}.
   *
   * @param gradientNorm as returned by {@link #gradientNorm}; must be finite
   * @param learningRate of this update
   */
  public void step(
      Parameters weights, Parameters gradients, double gradientNorm, double learningRate) {
    if (!Double.isFinite(gradientNorm)) {
      throw new IllegalArgumentException(
          "adamw: the gradient norm is " + gradientNorm + "; nothing was updated");
    }
    step++;
    double scale = gradientNorm > settings.clipNorm() ? settings.clipNorm() / gradientNorm : 1;
    ops.adamW(
        weights.decayed(),
        master == null ? null : master.decayed(),
        firstMoment.decayed(),
        secondMoment.decayed(),
        gradients.decayed(),
        scalars(learningRate, settings.weightDecay(), scale));
    if (weights.lora().isPresent()) {
      return;
    }
    ops.adamW(
        weights.undecayed(),
        master == null ? null : master.undecayed(),
        firstMoment.undecayed(),
        secondMoment.undecayed(),
        gradients.undecayed(),
        scalars(learningRate, 0, scale));
  }

  private AdamWStep scalars(double learningRate, double weightDecay, double scale) {
    return new AdamWStep(
        learningRate, settings.beta1(), settings.beta2(), settings.eps(), weightDecay, step, scale);
  }

  /** Updates made so far. */
  public long steps() {
    return step;
  }

  /**
   * Continues a run that had made {@code steps} updates; the moments are restored by writing into
   * them.
   */
  public void restoreSteps(long steps) {
    this.step = steps;
  }

  /** First moment, for checkpoints. */
  public Parameters firstMoment() {
    return firstMoment;
  }

  /** Second moment, for checkpoints. */
  public Parameters secondMoment() {
    return secondMoment;
  }

  @Override
  public void close() {
    firstMoment.close();
    secondMoment.close();
  }
}
