package org.score4j.training.verifiers.math;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What a response may state where the reference is a value. */
class AnswerFormTest {
  private static final int GENERATED = 5_000;

  private final MathEquality values =
      new MathEquality(MathVerifier.DEFAULT_TIME_LIMIT, AnswerForm.VALUE);
  private final MathEquality expressions =
      new MathEquality(MathVerifier.DEFAULT_TIME_LIMIT, AnswerForm.EXPRESSION);

  @TestFactory
  Stream<DynamicTest> everyLineOfTheTableHasItsVerdict() throws IOException {
    try (InputStream table =
        Objects.requireNonNull(
            AnswerFormTest.class.getResourceAsStream("/verifiers/answer-form.tsv"))) {
      List<String[]> lines =
          new String(table.readAllBytes(), UTF_8)
              .lines()
              .filter(line -> !line.startsWith("#") && !line.startsWith("["))
              .map(line -> line.split("\t", -1))
              .toList();
      assertThat(lines).hasSizeGreaterThan(100).allSatisfy(line -> assertThat(line).hasSize(3));
      return lines.stream()
          .map(
              line ->
                  DynamicTest.dynamicTest(
                      String.join("  ", line), () -> check(line[0], line[1], line[2])));
    }
  }

  private void check(String verdict, String reference, String response) {
    assertThat(verdict).isIn("right", "copied", "wrong");
    assertThat(isRight(values, reference, response)).isEqualTo(verdict.equals("right"));
    assertThat(isRight(expressions, reference, response)).isEqualTo(!verdict.equals("wrong"));
    assertThat(isRight(values, response, response)).as("the same text").isTrue();
  }

  private static boolean isRight(MathEquality equality, String reference, String response) {
    return equality.compare(reference, response) == MathEquality.Outcome.EQUAL;
  }

  /** A value of the grammar, and the same value with one step of it undone. */
  private record Generated(String value, String undone) {}

  @Test
  void generatedValuesAreAcceptedAndTheSameValuesUndoneAreNot() {
    long seed = Long.getLong("score4j.seed", 20261201L);
    SplittableRandom random = new SplittableRandom(seed);
    List<String> refused = new ArrayList<>();
    List<String> accepted = new ArrayList<>();
    for (int i = 0; i < GENERATED; i++) {
      Generated generated = generated(random);
      String spelled = generated.value().replace("\\frac", "\\dfrac").replace("+", " + ");
      if (!isRight(values, generated.value(), spelled)) {
        refused.add(generated.value());
      }
      String pair = generated.value() + "  " + generated.undone();
      assertThat(isRight(expressions, generated.value(), generated.undone()))
          .as("equal by value: %s, score4j.seed=%d", pair, seed)
          .isTrue();
      if (isRight(values, generated.value(), generated.undone())) {
        accepted.add(pair);
      }
    }
    assertThat(refused).as("values, score4j.seed=%d", seed).isEmpty();
    assertThat(accepted).as("undone, score4j.seed=%d", seed).isEmpty();
  }

  private static Generated generated(SplittableRandom random) {
    int a = random.nextInt(2, 60);
    int b = random.nextInt(2, 60);
    Generated number =
        switch (random.nextInt(8)) {
          case 0 -> new Generated("" + a * b, "%d\\cdot %d".formatted(a, b));
          case 1 -> new Generated("" + (a + b), "%d+%d".formatted(a, b));
          case 2 -> new Generated("" + a, "\\frac{%d}{%d}".formatted(a * b, b));
          case 3 -> new Generated("" + a * a, "%d^2".formatted(a));
          case 4 -> new Generated("" + a, "\\sqrt{%d}".formatted(a * a));
          case 5 -> new Generated("" + (a - b), "%d-%d".formatted(a, b));
          case 6 -> new Generated("" + a * (a - 1) / 2, "\\binom{%d}{2}".formatted(a));
          default -> new Generated("" + a, "\\left|-%d\\right|".formatted(a));
        };
    String root = "\\sqrt{%d}".formatted(List.of(2, 3, 5, 6, 7, 10).get(random.nextInt(6)));
    String factor = random.nextBoolean() ? root : "\\pi";
    boolean zero = number.value().equals("0");
    return switch (zero ? random.nextInt(2) : random.nextInt(7)) {
      case 0 -> number;
      case 1 -> within("(1,%s)", number);
      case 2 -> within("%s+" + root, number);
      case 3 -> new Generated(number.value() + factor, "(" + number.undone() + ")" + factor);
      case 4 ->
          new Generated(
              "\\frac{7" + factor + "}{" + (2 * a + 1) * 7 + "}",
              "\\frac{7" + factor + "}{" + (2 * a) * 7 + "+7}");
      case 5 -> within("x=%s", number);
      default -> within("\\frac{%s+" + root + "}{2}", number);
    };
  }

  private static Generated within(String format, Generated number) {
    return new Generated(format.formatted(number.value()), format.formatted(number.undone()));
  }

  @Test
  void theFormsHaveNames() {
    assertThat(AnswerForm.byName("value")).isEqualTo(AnswerForm.VALUE);
    assertThat(AnswerForm.byName("expression")).isEqualTo(AnswerForm.EXPRESSION);
    assertThatThrownBy(() -> AnswerForm.byName("number"))
        .hasMessage("answerForm is 'number'; the forms are value, expression");
  }
}
