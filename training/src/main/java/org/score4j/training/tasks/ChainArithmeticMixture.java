package org.score4j.training.tasks;

import org.score4j.kernels.Philox;

/**
 * The text the supervised base of the embedded task learns from (SCORE.md; the PyTorch prototype's
 * first_answer, corrupt and second_answer). A row is a function of (seed, step, row) alone.
 * Problems are drawn fresh for every row and are never held-out ones.
 */
public final class ChainArithmeticMixture implements SupervisedRows {
  // First counters of the two keys derived from the run's seed.
  private static final int PROBLEM_STREAM = 11;
  private static final int CHOICE_STREAM = 12;

  // Index of the word of each choice. All are drawn, needed or not: changing one probability leaves
  // the other choices as they were.
  private static final int TWO_TURN = 0;
  private static final int SLIP = 1;
  private static final int CORRUPT_ANSWER = 2;
  private static final int CORRUPT_ANSWER_SHIFT = 3;
  private static final int CORRUPT_WORKING = 4;
  private static final int CORRUPT_WORKING_PLACE = 5;
  private static final int CORRUPT_WORKING_DIGIT = 6;
  private static final int SECOND_ATTEMPT = 7;
  private static final int NUM_CHOICES = 8;

  private final ChainArithmeticTask task;
  private final ChainArithmetic arithmetic;
  private final MixtureProbabilities probabilities;
  private final long problemKey;
  private final long choiceKey;

  /**
   * A mixture.
   *
   * @param task the task whose held-out problems are avoided
   * @param probabilities what rows look like
   * @param seed the run's seed
   */
  public ChainArithmeticMixture(
      ChainArithmeticTask task, MixtureProbabilities probabilities, long seed) {
    this.task = task;
    this.arithmetic = task.arithmetic();
    this.probabilities = probabilities;
    this.problemKey = Philox.derive(seed, PROBLEM_STREAM, 0, 0, 0);
    this.choiceKey = Philox.derive(seed, CHOICE_STREAM, 0, 0, 0);
  }

  /** The row of a step; any row can be made alone. */
  @Override
  public SupervisedExample example(int step, int row) {
    int[] prompt = task.drawNotHeldOut(problemKey, row, step);
    int[] words = Draws.words(choiceKey, row, step, 0, NUM_CHOICES);
    int[] solution = arithmetic.solve(prompt);
    int[] first = firstAttempt(prompt, solution, words);
    int promptLength = prompt.length;
    int responseLength = solution.length;
    if (!Draws.happens(words[TWO_TURN], probabilities.twoTurn())) {
      return new SupervisedExample(
          concat(prompt, first), promptLength, promptLength + responseLength);
    }
    int[] draft = corrupted(first, words);
    int[] ids =
        concat(prompt, draft, task.correctionIds(), secondAttempt(prompt, solution, draft, words));
    return new SupervisedExample(ids, ids.length - responseLength, ids.length);
  }

  /** Right, or the last step misread; more often when that is a product. */
  private int[] firstAttempt(int[] prompt, int[] solution, int[] words) {
    boolean product = arithmetic.lastOperation(prompt) == ChainArithmetic.TIMES;
    int[] attempt = solution.clone();
    if (Draws.happens(words[SLIP], product ? probabilities.slipProduct() : probabilities.slip())) {
      attempt[0] = arithmetic.slippedAnswer(prompt, solution);
    }
    return attempt;
  }

  /**
   * The draft of a transcript: sometimes another answer, and sometimes any digit for one running
   * result (perhaps the same one).
   */
  private int[] corrupted(int[] first, int[] words) {
    int[] draft = first.clone();
    if (Draws.happens(words[CORRUPT_ANSWER], probabilities.corruptAnswer())) {
      int shift = 1 + Draws.below(words[CORRUPT_ANSWER_SHIFT], ChainArithmetic.BASE - 1);
      draft[0] = (draft[0] + shift) % ChainArithmetic.BASE;
    }
    if (draft.length > 1 && Draws.happens(words[CORRUPT_WORKING], probabilities.corruptWorking())) {
      int place = 1 + Draws.below(words[CORRUPT_WORKING_PLACE], draft.length - 1);
      draft[place] = Draws.below(words[CORRUPT_WORKING_DIGIT], ChainArithmetic.BASE);
    }
    return draft;
  }

  /**
   * The draft again, or repaired, or with 1 added to its answer: second-guessing, which differences
   * invite.
   */
  private int[] secondAttempt(int[] prompt, int[] solution, int[] draft, int[] words) {
    int word = words[SECOND_ATTEMPT];
    if (Draws.happens(word, probabilities.fix())) {
      return solution;
    }
    boolean difference = arithmetic.lastOperation(prompt) == ChainArithmetic.MINUS;
    double nudge = difference ? probabilities.nudgeDifference() : probabilities.nudge();
    int[] attempt = draft.clone();
    if (Draws.happens(word, probabilities.fix() + nudge)) {
      attempt[0] = (attempt[0] + 1) % ChainArithmetic.BASE;
    }
    return attempt;
  }

  private static int[] concat(int[]... parts) {
    int length = 0;
    for (int[] part : parts) {
      length += part.length;
    }
    int[] all = new int[length];
    int at = 0;
    for (int[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }
}
