package org.score4j.tests.gradients;

import org.score4j.kernels.Tensor;

/**
 * A gradient that is accumulated into, started from random numbers so that overwriting it shows.
 */
final class Accumulated {
  final Tensor tensor;
  private final GradientCheck check;
  private final Tensor initial;

  Accumulated(GradientCheck check, int... dims) {
    this.check = check;
    this.initial = check.normals(dims);
    this.tensor = check.copy(initial);
  }

  /** What was added since the start. */
  Tensor added() {
    Tensor negated = check.copy(initial);
    check.ops().scale(negated, initial, -1);
    Tensor difference = check.copy(tensor);
    check.ops().add(difference, tensor, negated);
    return difference;
  }
}
