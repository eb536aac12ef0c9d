package org.score4j.training.rewards;

import java.util.Arrays;

/**
 * Leave-one-out advantages (RLOO): {@code A_k = R_k − mean of R_j over the other included samples j
 * of the same prompt}. One turn at a time; the samples of a prompt stand side by side, sample k of
 * prompt p at p · K + k.
 */
public final class Advantages {
  private Advantages() {}

  /** Advantages when every sample was judged. */
  public static double[] leaveOneOut(double[] rewards, int samplesPerPrompt) {
    return leaveOneOut(rewards, allIncluded(rewards.length), samplesPerPrompt);
  }

  /**
   * Advantages of one turn. A sample that is not included gets 0 and enters no baseline. So does
   * one whose group has no other included sample: without a baseline its reward would act as its
   * advantage.
   *
   * @param rewards rewards of this turn, (prompts · K)
   * @param included which samples were judged, (prompts · K); rewards of the others are not read
   * @param samplesPerPrompt K
   */
  public static double[] leaveOneOut(double[] rewards, boolean[] included, int samplesPerPrompt) {
    check(rewards, included, samplesPerPrompt);
    double[] advantages = new double[rewards.length];
    for (int group = 0; group < rewards.length; group += samplesPerPrompt) {
      for (int k = group; k < group + samplesPerPrompt; k++) {
        advantages[k] = included[k] ? meanLead(rewards, included, group, samplesPerPrompt, k) : 0;
      }
    }
    return advantages;
  }

  /**
   * Mean of R_k − R_j. Equal to R_k − mean R_j, and exactly 0 for equal rewards, which a mean taken
   * first is not (0.1 three times).
   */
  private static double meanLead(
      double[] rewards, boolean[] included, int group, int samplesPerPrompt, int k) {
    double sum = 0;
    int others = 0;
    for (int j = group; j < group + samplesPerPrompt; j++) {
      if (j != k && included[j]) {
        sum += rewards[k] - rewards[j];
        others++;
      }
    }
    return others == 0 ? 0 : sum / others;
  }

  /**
   * Share of prompts whose samples all have zero advantage in every attempt: they teach nothing; 1
   * means no signal at all.
   *
   * @param advantages (attempts, prompts · K)
   * @param samplesPerPrompt K
   */
  public static double zeroVarianceShare(double[][] advantages, int samplesPerPrompt) {
    int flat = 0;
    int groups = advantages[0].length / samplesPerPrompt;
    for (int g = 0; g < groups; g++) {
      boolean zero = true;
      for (double[] attempt : advantages) {
        zero &=
            Arrays.stream(attempt, g * samplesPerPrompt, (g + 1) * samplesPerPrompt)
                .allMatch(each -> each == 0);
      }
      flat += zero ? 1 : 0;
    }
    return (double) flat / groups;
  }

  private static boolean[] allIncluded(int samples) {
    boolean[] included = new boolean[samples];
    Arrays.fill(included, true);
    return included;
  }

  private static void check(double[] rewards, boolean[] included, int samplesPerPrompt) {
    if (samplesPerPrompt < 2) {
      throw new IllegalArgumentException(
          "advantages: samplesPerPrompt is %d, but a leave-one-out baseline is the mean of the prompt's other samples; use 2 or more (4 is the default)"
              .formatted(samplesPerPrompt));
    }
    if (rewards.length % samplesPerPrompt != 0 || included.length != rewards.length) {
      throw new IllegalArgumentException(
          "advantages: %d rewards and %d flags for groups of %d; every prompt needs all its samples"
              .formatted(rewards.length, included.length, samplesPerPrompt));
    }
    for (int i = 0; i < rewards.length; i++) {
      if (included[i] && !Double.isFinite(rewards[i])) {
        throw new IllegalArgumentException(
            "advantages: reward %d (prompt %d, sample %d) is %s; an errored verdict must be excluded, not scored"
                .formatted(i, i / samplesPerPrompt, i % samplesPerPrompt, rewards[i]));
      }
    }
  }
}
