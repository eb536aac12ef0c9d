package org.score4j.training.tasks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ChainArithmeticMixtureTest {
  private static final long SEED = 7;
  private static final int STEPS = 150;
  private static final int ROWS = 256;
  private static final int PROMPT = 8;
  private static final ChainArithmeticTask TASK =
      new ChainArithmeticTask(ChainArithmeticSettings.DEFAULTS);
  private static final ChainArithmetic ARITHMETIC = TASK.arithmetic();

  private static ChainArithmeticMixture mixture(MixtureProbabilities probabilities) {
    return new ChainArithmeticMixture(TASK, probabilities, SEED);
  }

  /** Counts how often something holds among those it could hold for. */
  private static final class Rate {
    private int hits;
    private int n;

    void add(boolean hit) {
      hits += hit ? 1 : 0;
      n++;
    }

    void assertNear(String what, double probability) {
      double standardError = Math.sqrt(Math.max(probability * (1 - probability), 1e-9) / n);
      assertThat((double) hits / n)
          .as("%s: seed %d, n %d", what, SEED, n)
          .isCloseTo(probability, within(5 * standardError));
    }
  }

  @Test
  void rowsOccurWithTheirProbabilities() {
    ChainArithmeticMixture mixture = mixture(MixtureProbabilities.DEFAULTS);
    Rate twoTurn = new Rate();
    Rate slip = new Rate();
    Rate slipProduct = new Rate();
    Rate otherWorking = new Rate();
    Rate copied = new Rate();
    Rate copiedDifference = new Rate();
    Rate repaired = new Rate();
    for (int step = 0; step < STEPS; step++) {
      for (int row = 0; row < ROWS; row++) {
        SupervisedExample example = mixture.example(step, row);
        int[] ids = example.ids();
        int[] prompt = Arrays.copyOf(ids, PROMPT);
        int[] solution = ARITHMETIC.solve(prompt);
        int[] first = Arrays.copyOfRange(ids, PROMPT, PROMPT + 3);
        int slipped = ARITHMETIC.slippedAnswer(prompt, solution);
        boolean two = ids.length == 15;
        twoTurn.add(two);
        if (!two) {
          assertThat(example.targetStart()).isEqualTo(PROMPT);
          assertThat(example.targetEnd()).isEqualTo(ids.length).isEqualTo(11);
          assertThat(first[1]).isEqualTo(solution[1]);
          assertThat(first[2]).isEqualTo(solution[2]);
          if (slipped != solution[0]) {
            assertThat(first[0]).isIn(slipped, solution[0]);
            (prompt[5] == ChainArithmetic.TIMES ? slipProduct : slip).add(first[0] == slipped);
          }
          continue;
        }
        assertThat(ids[11]).isEqualTo(ChainArithmetic.REVISE);
        assertThat(example.targetStart()).isEqualTo(12);
        assertThat(example.targetEnd()).isEqualTo(15);
        int[] second = Arrays.copyOfRange(ids, 12, 15);
        int[] nudged = {(first[0] + 1) % 10, first[1], first[2]};
        assertThat(second).isIn(first, solution, nudged);
        otherWorking.add(first[1] != solution[1] || first[2] != solution[2]);
        if (!Arrays.equals(first, solution) && !Arrays.equals(nudged, solution)) {
          repaired.add(Arrays.equals(second, solution));
          (prompt[5] == ChainArithmetic.MINUS ? copiedDifference : copied)
              .add(Arrays.equals(second, first));
        }
      }
    }
    twoTurn.assertNear("two-turn rows", 0.25);
    slip.assertNear("slips in sums and differences", 0.15);
    slipProduct.assertNear("slips in products", 0.65);
    otherWorking.assertNear("replaced running results, one in ten by themselves", 0.05 * 0.9);
    repaired.assertNear("repairs", 0.10);
    copied.assertNear("copies", 1 - 0.10 - 0.10);
    copiedDifference.assertNear("copies where the last step is a difference", 1 - 0.10 - 0.55);
  }

  @Test
  void theDraftsAnswerIsReplacedByEachOtherDigitAlike() {
    ChainArithmeticMixture mixture = mixture(new MixtureProbabilities(1, 0, 0, 0.3, 0, 0, 0, 0));
    int[] shifts = new int[10];
    for (int row = 0; row < 20_000; row++) {
      int[] ids = mixture.example(0, row).ids();
      shifts[Math.floorMod(ids[PROMPT] - ARITHMETIC.solve(Arrays.copyOf(ids, PROMPT))[0], 10)]++;
    }
    assertThat(shifts[0] / 20_000.0).as("seed %d", SEED).isCloseTo(0.7, within(0.017));
    for (int shift = 1; shift < 10; shift++) {
      assertThat(shifts[shift] / 20_000.0)
          .as("seed %d, shift %d", SEED, shift)
          .isCloseTo(0.3 / 9, within(0.0065));
    }
  }

  @Test
  void theLastStepIsMisreadAsThePrototypeDoes() {
    for (String line : new String[] {"7+5*8-4= 0", "1+1+1+4= 9", "1+1+1*4= 7", "3*2*2*2= 4"}) {
      int[] prompt = TASK.tokenizer().encode(line.substring(0, PROMPT));
      assertThat(ARITHMETIC.slippedAnswer(prompt, ARITHMETIC.solve(prompt)))
          .as(line)
          .isEqualTo(Character.digit(line.charAt(9), 10));
    }
  }

  @Test
  void noRowHasAHeldOutProblem() {
    Set<String> heldOut = new HashSet<>();
    for (Problem problem : TASK.heldOutProblems()) {
      heldOut.add(problem.prompt());
    }
    ChainArithmeticMixture mixture = mixture(MixtureProbabilities.DEFAULTS);
    Set<String> seen = new HashSet<>();
    for (int row = 0; row < 40_000; row++) {
      String prompt = TASK.tokenizer().decode(Arrays.copyOf(mixture.example(3, row).ids(), PROMPT));
      assertThat(heldOut.contains(prompt)).as("row %d: %s", row, prompt).isFalse();
      seen.add(prompt);
    }
    assertThat(seen).hasSizeGreaterThan(30_000);
  }

  @Test
  void aRowIsAFunctionOfSeedStepAndRowAlone() {
    ChainArithmeticMixture mixture = mixture(MixtureProbabilities.DEFAULTS);
    SupervisedExample alone = mixture(MixtureProbabilities.DEFAULTS).example(41, 17);
    for (int row = 0; row < 20; row++) {
      SupervisedExample example = mixture.example(41, row);
      assertThat(Arrays.equals(example.ids(), alone.ids())).isEqualTo(row == 17);
    }
    assertThat(mixture.example(17, 41).ids()).isNotEqualTo(alone.ids());
    assertThat(
            new ChainArithmeticMixture(TASK, MixtureProbabilities.DEFAULTS, SEED + 1)
                .example(41, 17)
                .ids())
        .isNotEqualTo(alone.ids());
  }

  @Test
  void changingOneProbabilityLeavesTheProblemsAsTheyWere() {
    ChainArithmeticMixture single = mixture(new MixtureProbabilities(0, 0, 0, 0, 0, 0, 0, 0));
    ChainArithmeticMixture transcripts = mixture(new MixtureProbabilities(1, 0, 0, 0, 0, 0, 0, 0));
    for (int row = 0; row < 50; row++) {
      int[] turn1 = single.example(0, row).ids();
      assertThat(transcripts.example(0, row).ids())
          .startsWith(turn1)
          .endsWith(ARITHMETIC.solve(turn1));
    }
  }

  @Test
  void valuesThatAreNoProbabilitiesAreRefused() {
    assertThatThrownBy(() -> new MixtureProbabilities(0.25, 1.5, 0.65, 0.3, 0.05, 0.1, 0.1, 0.55))
        .hasMessageContaining("mixture.slip is 1.5");
    assertThatThrownBy(() -> new MixtureProbabilities(0.25, 0.15, 0.65, 0.3, 0.05, 0.5, 0.1, 0.55))
        .hasMessageContaining("more than 1");
    assertThatThrownBy(() -> new SupervisedExample(new int[4], 0, 2))
        .hasMessageContaining("targets [0, 2)");
  }
}
