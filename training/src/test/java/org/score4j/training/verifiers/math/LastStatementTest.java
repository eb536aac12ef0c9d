package org.score4j.training.verifiers.math;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Rules that hold for generated responses: which statement counts, and when a list is right. */
class LastStatementTest {
  private static final long SEED = Long.getLong("score4j.seed", 20261201L);
  private static final MathVerifier GSM8K =
      new MathVerifier(List.of(ExtractionRule.values()), MathVerifier.DEFAULT_TIME_LIMIT);
  private static final MathVerifier MATH =
      new MathVerifier(
          List.of(ExtractionRule.FINAL_ANSWER, ExtractionRule.BOXED),
          MathVerifier.DEFAULT_TIME_LIMIT);

  // Statements of MATH and GSM8K, then those of GSM8K alone.
  private static final List<UnaryOperator<String>> MATH_STATEMENTS =
      List.of(
          v -> "So we get \\boxed{" + v + "}.",
          v -> "Hence $x = \\boxed{" + v + "}$.",
          v -> "\\[\\framebox{" + v + "}\\]",
          v -> "The final answer is $" + v + "$.",
          v -> "Final Answer: The final answer is $" + v + "$. I hope it is correct.",
          v -> "The final answer is \\(" + v + "\\).",
          v -> "The answer is " + v + ".",
          v -> "**Final Answer:** $" + v + "$",
          v -> "**Final Answer**\n\n\\(" + v + "\\)",
          v -> "Answer: " + v);
  private static final List<UnaryOperator<String>> LINES =
      List.of(
          v -> "#### " + v,
          v -> "#### The answer is " + v,
          v -> "#### **Answer: " + v + "**",
          v -> "**Answer:** " + v,
          v -> "**Answer:**\n\n" + v,
          v -> "Answer: She makes " + v + " dollars.",
          v -> "A: " + v,
          v -> "### Answer\n" + v);
  private static final List<String> PROSE =
      List.of(
          "First we add both sides.",
          "This follows from the diagram.",
          "Next comes the other case.",
          "We multiply and simplify.",
          "");

  private final Random random = new Random(SEED);

  private <T> T any(List<T> choices) {
    return choices.get(random.nextInt(choices.size()));
  }

  /** Distinct numbers of two to four digits, some negative. */
  private List<String> values(int count) {
    List<String> values = new ArrayList<>();
    while (values.size() < count) {
      String value = (random.nextInt(4) == 0 ? "-" : "") + (10 + random.nextInt(9_000));
      if (!values.contains(value)) {
        values.add(value);
      }
    }
    return values;
  }

  private void theLastWins(MathVerifier verifier, List<UnaryOperator<String>> statements) {
    for (int i = 0; i < 3_000; i++) {
      List<String> values = values(2 + random.nextInt(3));
      StringBuilder response = new StringBuilder();
      for (String value : values) {
        response.append(any(PROSE)).append('\n').append(any(statements).apply(value)).append('\n');
        response.append(any(PROSE)).append('\n');
      }
      for (String value : values) {
        assertThat(verifier.verify(value, response.toString()).isCorrect())
            .as("%s in%n%s%nscore4j.seed=%d", value, response, SEED)
            .isEqualTo(value.equals(values.getLast()));
      }
    }
  }

  @Test
  void amongStatementsOfMathTheLastCounts() {
    List<UnaryOperator<String>> apart =
        MATH_STATEMENTS.stream()
            .map(s -> (UnaryOperator<String>) v -> "We find this. " + "\n" + s.apply(v) + "\nDone.")
            .toList();
    theLastWins(MATH, apart);
  }

  @Test
  void amongStatementsOfAnyRuleTheLastCounts() {
    List<UnaryOperator<String>> all = new ArrayList<>();
    for (UnaryOperator<String> statement : MATH_STATEMENTS) {
      all.add(v -> "We find this.\n" + statement.apply(v) + "\nDone.");
    }
    all.addAll(LINES);
    theLastWins(GSM8K, all);
  }

  @Test
  void theLastCountsOutsideOfThinkingWhateverIsThought() {
    for (int i = 0; i < 1_000; i++) {
      List<String> values = values(3);
      String response =
          (random.nextBoolean() ? "<think>\n" : "")
              + any(MATH_STATEMENTS).apply(values.get(0))
              + "\n"
              + any(LINES).apply(values.get(1))
              + "\n</think>\n"
              + any(MATH_STATEMENTS).apply(values.get(2));
      for (String value : values) {
        assertThat(GSM8K.verify(value, response).isCorrect())
            .as("%s in%n%s%nscore4j.seed=%d", value, response, SEED)
            .isEqualTo(value.equals(values.getLast()));
      }
    }
  }

  @Test
  void alternativesAreRightAgainstTheSameListOnly() {
    List<String> joints = List.of(" or ", ", ", " and ", ", or maybe ", "\\quad ", "; ", " ");
    for (int i = 0; i < 1_000; i++) {
      List<String> values = values(2 + random.nextInt(3));
      StringBuilder boxes = new StringBuilder();
      StringBuilder spans = new StringBuilder("The final answer is ");
      for (int k = 0; k < values.size(); k++) {
        String joint = k == 0 ? "" : any(joints);
        boxes.append(joint).append("\\boxed{").append(values.get(k)).append('}');
        spans.append(joint).append('$').append(values.get(k)).append('$');
      }
      List<String> other = new ArrayList<>(values);
      Collections.shuffle(other, random);
      for (String response : List.of(boxes + ".", spans + ".")) {
        assertThat(MATH.verify(String.join(", ", other), response).isCorrect())
            .as("%s in %s, score4j.seed=%d", other, response, SEED)
            .isTrue();
        for (String value : values) {
          assertThat(MATH.verify(value, response).isCorrect())
              .as("%s in %s, score4j.seed=%d", value, response, SEED)
              .isFalse();
          assertThat(GSM8K.verify(value, response).isCorrect())
              .as("%s in %s, score4j.seed=%d", value, response, SEED)
              .isFalse();
        }
        List<String> fewer = other.subList(1, other.size());
        assertThat(MATH.verify(String.join(", ", fewer), response).isCorrect()).isFalse();
      }
    }
  }

  @Test
  void aValueWrittenAgainIsNoSecondAnswer() {
    String[][] spellings = {
      {"\\frac12", "0.5", "\\frac{2}{4}"}, {"3", "3.0", "\\frac62"}, {"2\\sqrt3", "\\sqrt{12}"}
    };
    for (String[] same : spellings) {
      for (String one : same) {
        for (String other : same) {
          assertThat(MATH.verify(one, "\\boxed{" + one + "}, \\boxed{" + other + "}").isCorrect())
              .isTrue();
          String sentence = "The final answer is $" + one + "$, that is $" + other + "$.";
          assertThat(MATH.verify(other, sentence).isCorrect()).as(sentence).isTrue();
          String hedge = "\\boxed{" + one + "}, \\boxed{" + other + "} or \\boxed{17}";
          assertThat(MATH.verify(one, hedge).isCorrect()).as(hedge).isFalse();
          assertThat(MATH.verify("17", hedge).isCorrect()).as(hedge).isFalse();
          assertThat(MATH.verify("17, " + other, hedge).isCorrect()).as(hedge).isTrue();
        }
      }
    }
  }

  @Test
  void comparingTheDistinctPartsHasOneTimeLimit() {
    String sum = "x+".repeat(300) + "x";
    MathVerifier verifier = new MathVerifier(List.of(ExtractionRule.BOXED), Duration.ofNanos(1));
    assertThat(verifier.verify("5", "\\boxed{" + sum + "} or \\boxed{300x}").error())
        .contains("took longer than 0 ms");
  }

  /** A line of asterisks took the square of its length: 5.7 s for 400,000. */
  @Test
  void longResponsesTakeLinearTime() {
    List<String> units =
        List.of(
            "*",
            "#",
            "$",
            "\\",
            "{",
            "box",
            "\\boxed{",
            "\\boxed{1} or ",
            "the answer is ",
            "Answer: ",
            "\nAnswer:\n",
            "####\n",
            "A:",
            "5 or ",
            "5, ",
            "1,",
            "12 345 ",
            "- ",
            "<think>",
            "</think>",
            "~~a~~ ",
            "that is ",
            "\\(",
            "1 and a half ",
            "\n");
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    for (String unit : units) {
      String text = unit.repeat(100_000 / unit.length());
      for (String response : List.of(text, "#### 18\n" + text, "\\boxed{18} " + text + " 5")) {
        long start = threads.getCurrentThreadCpuTime();
        GSM8K.verify("18", response);
        MATH.verify("18", response);
        long millis = (threads.getCurrentThreadCpuTime() - start) / 1_000_000;
        // A quadratic pass over 100,000 characters takes 10 s and more, a linear one some 100 ms.
        assertThat(millis).as("%s, %d characters", unit, response.length()).isLessThan(4_000);
      }
    }
  }
}
