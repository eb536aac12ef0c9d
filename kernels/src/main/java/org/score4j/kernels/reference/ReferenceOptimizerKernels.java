package org.score4j.kernels.reference;

import org.jspecify.annotations.Nullable;
import org.score4j.kernels.OptimizerKernels;
import org.score4j.kernels.Tensor;

/** AdamW as in Algorithm 2 of arXiv 1711.05101v3, with the decay applied before the step. */
final class ReferenceOptimizerKernels implements OptimizerKernels {
  @Override
  public void adamW(
      Tensor param,
      @Nullable Tensor master,
      Tensor firstMoment,
      Tensor secondMoment,
      Tensor grad,
      AdamWStep step) {
    Doubles p = Doubles.of(param);
    Doubles m = Doubles.of(firstMoment);
    Doubles v = Doubles.of(secondMoment);
    Doubles grads = Doubles.of(grad);
    double correction1 = 1 - Math.pow(step.beta1(), (double) step.step());
    double correction2 = 1 - Math.pow(step.beta2(), (double) step.step());
    for (long i = 0; i < param.elements(); i++) {
      double g = step.gradScale() * grads.get(i);
      m.set(i, step.beta1() * m.get(i) + (1 - step.beta1()) * g);
      v.set(i, step.beta2() * v.get(i) + (1 - step.beta2()) * g * g);
      double mHat = m.get(i) / correction1;
      double vHat = v.get(i) / correction2;
      double decayed = p.get(i) - step.learningRate() * step.weightDecay() * p.get(i);
      p.set(i, decayed - step.learningRate() * mHat / (Math.sqrt(vHat) + step.eps()));
    }
  }

  @Override
  public double sumOfSquares(Tensor x) {
    Doubles xs = Doubles.of(x);
    double sum = 0;
    for (long i = 0; i < x.elements(); i++) {
      sum += xs.get(i) * xs.get(i);
    }
    return sum;
  }
}
