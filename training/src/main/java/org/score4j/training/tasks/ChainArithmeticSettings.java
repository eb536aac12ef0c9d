package org.score4j.training.tasks;

/**
 * Size of the embedded task.
 *
 * @param operations operations in a problem, 1 to 7
 * @param productProbability probability of each operation to be a product; the rest is shared by
 *     sums and differences
 * @param trainingProblems problems of reinforcement learning
 * @param heldOutProblems problems that nothing is trained on
 * @param dataSeed seed of both sets; apart from the run's seed, so that runs of different seeds are
 *     compared on the same problems
 */
public record ChainArithmeticSettings(
    int operations,
    double productProbability,
    int trainingProblems,
    int heldOutProblems,
    long dataSeed) {
  /** The task of SCORE.md: three operations, half of them products, 1,000 and 2,000 problems. */
  public static final ChainArithmeticSettings DEFAULTS =
      new ChainArithmeticSettings(3, 0.5, 1000, 2000, 99);

  /** Checks the ranges. */
  public ChainArithmeticSettings {
    if (operations < 1 || operations > ChainArithmetic.MAX_OPERATIONS) {
      throw new IllegalArgumentException(
          "task.operations is %d, it must be 1 to %d (3 is the default)"
              .formatted(operations, ChainArithmetic.MAX_OPERATIONS));
    }
    // Without products, or with nothing else, most problems could never be drawn.
    if (!(productProbability > 0 && productProbability < 1)) {
      throw new IllegalArgumentException(
          "task.productProbability is %s, it must be above 0 and below 1 (0.5 is the default)"
              .formatted(productProbability));
    }
    if (trainingProblems < 1 || heldOutProblems < 1) {
      throw new IllegalArgumentException(
          "task has %d training and %d held-out problems, both need at least 1"
              .formatted(trainingProblems, heldOutProblems));
    }
    long exist = new ChainArithmetic(operations, productProbability).count();
    // Distinct problems are drawn by rejection; a quarter leaves most draws fresh.
    if ((long) trainingProblems + heldOutProblems > exist / 4) {
      throw new IllegalArgumentException(
          "task asks for %d training and %d held-out problems, but only %d exist with %d operations; ask for at most a quarter of them"
              .formatted(trainingProblems, heldOutProblems, exist, operations));
    }
  }
}
