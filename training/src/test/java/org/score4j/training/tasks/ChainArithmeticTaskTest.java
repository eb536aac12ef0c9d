package org.score4j.training.tasks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.score4j.tokenizer.Tokenizer;

class ChainArithmeticTaskTest {
  private static final ChainArithmeticTask TASK =
      new ChainArithmeticTask(ChainArithmeticSettings.DEFAULTS);

  private static Set<String> prompts(List<Problem> problems) {
    return problems.stream().map(Problem::prompt).collect(Collectors.toSet());
  }

  @ParameterizedTest
  @CsvSource({"7+5*8-4=,226", "0-9*9+9=,819", "3*2*2*2=,462", "9+9+9+9=,687", "0-1-1-1=,798"})
  void problemsAreWorkedFromLeftToRightWithTheAnswerFirst(String prompt, String solution) {
    Tokenizer tokenizer = TASK.tokenizer();
    assertThat(tokenizer.decode(TASK.arithmetic().solve(tokenizer.encode(prompt))))
        .isEqualTo(solution);
  }

  @Test
  void theVocabularyIsThePrototypesWithTheUnknownToken() {
    assertThat(TASK.tokenizer().vocabSize()).isEqualTo(16);
    assertThat(TASK.tokenizer().encode("0123456789+-*=R<unk>"))
        .containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    assertThat(TASK.tokenizer().decode(TASK.correctionIds())).isEqualTo("R");
  }

  @Test
  void thereAre175760Problems() {
    assertThat(TASK.arithmetic().count()).isEqualTo(175_760);
  }

  @Test
  void heldOutAndTrainingProblemsAreDistinctAndDisjoint() {
    assertThat(prompts(TASK.heldOutProblems())).hasSize(2000);
    assertThat(prompts(TASK.trainingProblems()))
        .hasSize(1000)
        .doesNotContainAnyElementsOf(prompts(TASK.heldOutProblems()));
    for (int i = 0; i < 1000; i++) {
      assertThat(TASK.trainingProblems().get(i).index()).isEqualTo(i);
    }
  }

  @Test
  void everyProblemIsWellFormedAndItsReferenceIsRight() {
    for (Problem problem : TASK.heldOutProblems()) {
      assertThat(problem.prompt()).matches("\\d([+-][1-9]|\\*[2-9]){3}=");
      assertThat(problem.promptIds())
          .isEqualTo(TASK.tokenizer().encode(problem.prompt()))
          .hasSize(8);
      assertThat(
              TASK.verifier()
                  .verify(problem.reference(), solvedAsText(problem.prompt()))
                  .isCorrect())
          .as(problem.toString())
          .isTrue();
    }
  }

  /** A second implementation, on text. */
  private static String solvedAsText(String prompt) {
    int value = Character.digit(prompt.charAt(0), 10);
    StringBuilder results = new StringBuilder();
    for (int i = 1; i < prompt.length() - 1; i += 2) {
      int operand = Character.digit(prompt.charAt(i + 1), 10);
      char operation = prompt.charAt(i);
      value =
          (operation == '+'
                  ? value + operand
                  : operation == '-' ? value - operand + 10 : value * operand)
              % 10;
      results.append(value);
    }
    return results.charAt(results.length() - 1) + results.substring(0, results.length() - 1);
  }

  @Test
  void operationsAndOperandsHaveTheirProbabilities() {
    long key = 1234;
    int n = 60_000;
    int[] firsts = new int[10];
    int[] operations = new int[13];
    int[] sumOperands = new int[10];
    int[] productOperands = new int[10];
    for (int i = 0; i < n; i++) {
      int[] prompt = TASK.arithmetic().draw(key, i, 0, 0);
      firsts[prompt[0]]++;
      operations[prompt[5]]++;
      (prompt[5] == ChainArithmetic.TIMES ? productOperands : sumOperands)[prompt[6]]++;
    }
    // Five standard errors of a proportion near one half, in units of n.
    double tolerance = 5 * 0.5 / Math.sqrt(n);
    assertThat(operations[ChainArithmetic.TIMES] / (double) n)
        .as("key %d", key)
        .isCloseTo(0.5, within(tolerance));
    assertThat(operations[ChainArithmetic.PLUS] / (double) n)
        .as("key %d", key)
        .isCloseTo(0.25, within(tolerance));
    for (int digit = 0; digit < 10; digit++) {
      assertThat(firsts[digit] / (double) n).as("key %d", key).isCloseTo(0.1, within(tolerance));
      assertThat(sumOperands[digit] / (double) n)
          .as("key %d", key)
          .isCloseTo(digit == 0 ? 0 : 0.5 / 9, within(tolerance));
      assertThat(productOperands[digit] / (double) n)
          .as("key %d", key)
          .isCloseTo(digit < 2 ? 0 : 0.5 / 8, within(tolerance));
    }
    assertThat(sumOperands[0] + productOperands[0] + productOperands[1]).isZero();
  }

  @Test
  void theSameSeedGivesTheSameProblemsAndAnotherSeedOthers() {
    ChainArithmeticTask again = new ChainArithmeticTask(ChainArithmeticSettings.DEFAULTS);
    ChainArithmeticTask other =
        new ChainArithmeticTask(new ChainArithmeticSettings(3, 0.5, 1000, 2000, 100));
    assertThat(again.heldOutProblems().toString()).isEqualTo(TASK.heldOutProblems().toString());
    assertThat(again.trainingProblems().toString()).isEqualTo(TASK.trainingProblems().toString());
    Set<String> shared = new HashSet<>(prompts(other.heldOutProblems()));
    shared.retainAll(prompts(TASK.heldOutProblems()));
    assertThat(shared).hasSizeLessThan(200);
  }

  @Test
  void aTwoTurnSequenceHas15Tokens() {
    assertThat(TASK.maxSequenceTokens(2)).isEqualTo(15);
    assertThat(TASK.stopRule().maxNewTokens()).isEqualTo(3);
    assertThat(TASK.stopRule().stopIds()).isEmpty();
  }

  @Test
  void impossibleSettingsAreRefusedWithTheLimit() {
    assertThatThrownBy(() -> new ChainArithmeticSettings(1, 0.5, 1000, 2000, 1))
        .hasMessageContaining("only 260 exist with 1 operations");
    assertThatThrownBy(() -> new ChainArithmeticSettings(8, 0.5, 1000, 2000, 1))
        .hasMessageContaining("operations is 8");
    assertThatThrownBy(() -> new ChainArithmeticSettings(3, Double.NaN, 1000, 2000, 1))
        .hasMessageContaining("productProbability is NaN");
    assertThatThrownBy(() -> new ChainArithmeticSettings(3, 0.5, 0, 2000, 1))
        .hasMessageContaining("0 training");
  }

  @Test
  void longAndShortChainsWorkToo() {
    ChainArithmeticTask longest =
        new ChainArithmeticTask(new ChainArithmeticSettings(7, 0.5, 50, 50, 1));
    assertThat(longest.maxSequenceTokens(2)).isEqualTo(16 + 7 + 1 + 7);
    assertThat(prompts(longest.heldOutProblems())).hasSize(50);
    ChainArithmeticTask shortest =
        new ChainArithmeticTask(new ChainArithmeticSettings(1, 0.5, 5, 5, 1));
    assertThat(shortest.heldOutProblems())
        .allSatisfy(p -> assertThat(p.reference()).isEqualTo(solvedAsText(p.prompt())).hasSize(1));
  }
}
