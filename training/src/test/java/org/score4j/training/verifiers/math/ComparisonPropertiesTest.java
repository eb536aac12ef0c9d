package org.score4j.training.verifiers.math;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Generated pairs whose verdict is known by how they were made. */
class ComparisonPropertiesTest {
  private final long seed = Long.getLong("score4j.seed", 20261201L);
  private final SplittableRandom random = new SplittableRandom(seed);
  private final MathEquality equality = new MathEquality(MathVerifier.DEFAULT_TIME_LIMIT);
  private final List<String> wrong = new ArrayList<>();

  private void expect(boolean equal, String one, String other) {
    MathEquality.Outcome expected =
        equal ? MathEquality.Outcome.EQUAL : MathEquality.Outcome.DIFFERENT;
    if (equality.compare(one, other) != expected || equality.compare(other, one) != expected) {
      wrong.add("%s  %s  should be %s".formatted(one, other, expected));
    }
  }

  private void assertNoneWrong() {
    assertThat(wrong).as("score4j.seed=%d", seed).isEmpty();
  }

  @Test
  void aDecimalOfSixDigitsOrMoreEqualsWhatRoundsToItAndNothingElse() {
    for (int i = 0; i < 2_000; i++) {
      // A denominator that no number of decimals is enough for.
      int bottom = 3 * random.nextInt(1, 400);
      int top = bottom / 3 * random.nextInt(1, 9) * 3 + random.nextInt(1, 3) * (bottom / 3);
      boolean root = random.nextBoolean();
      int radicand = random.nextInt(2, 100_000);
      BigDecimal exact =
          root
              ? new BigDecimal(radicand).sqrt(new MathContext(40))
              : new BigDecimal(top).divide(new BigDecimal(bottom), new MathContext(40));
      if (root && exact.stripTrailingZeros().scale() <= 0) {
        continue; // a square
      }
      String written =
          root ? "\\sqrt{%d}".formatted(radicand) : "\\frac{%d}{%d}".formatted(top, bottom);
      int digits = random.nextInt(3, 16);
      BigDecimal rounded = exact.round(new MathContext(digits, RoundingMode.HALF_UP));
      if (rounded.scale() < 1) {
        continue; // no decimal
      }
      expect(rounded.precision() >= 6, written, rounded.toPlainString());
      BigDecimal next =
          random.nextBoolean() ? rounded.add(rounded.ulp()) : rounded.subtract(rounded.ulp());
      expect(false, written, next.toPlainString());
      expect(false, written, rounded.negate().toPlainString());
    }
    assertNoneWrong();
  }

  @Test
  void functionsThatAgreeOnOneSideOfAKinkOnlyAreTold() {
    for (int i = 0; i < 150; i++) {
      int size = (int) Math.pow(10, random.nextDouble(0.6, 6));
      int kink = random.nextBoolean() ? size : -size;
      String inside = kink < 0 ? "x+%d".formatted(-kink) : "x-%d".formatted(kink);
      String bent =
          switch (random.nextInt(4)) {
            case 0 -> "|%s|".formatted(inside);
            case 1 -> "\\sqrt{(%s)^2}".formatted(inside);
            case 2 -> "((%s)^2)^{1/2}".formatted(inside);
            default -> "\\sqrt[4]{(%s)^4}".formatted(inside);
          };
      expect(false, bent, inside);
      expect(false, bent, "-(" + inside + ")");
      expect(true, bent, "|-(" + inside + ")|");
      expect(false, bent + "+y", inside + "+y");
      expect(false, bent + "=1", inside + "=1");
    }
    assertNoneWrong();
  }

  @Test
  void stepsFarAwayAreSeen() {
    for (int i = 0; i < 50; i++) {
      int size = (int) Math.pow(10, random.nextDouble(1, 6));
      expect(
          false,
          "\\lfloor x/%d\\rfloor+1".formatted(size),
          "\\lceil x/%d\\rceil+1".formatted(2 * size));
      expect(
          true,
          "\\lfloor x/%d\\rfloor+1".formatted(size),
          "\\lfloor x/%d+1\\rfloor".formatted(size));
      expect(false, "\\lfloor x^2/%d\\rfloor".formatted(size), "0");
    }
    assertNoneWrong();
  }

  @Test
  void powersOfNegativeNumbersAreComparedAtWholeExponents() {
    for (int i = 0; i < 200; i++) {
      int base = random.nextInt(2, 9);
      int shift = random.nextInt(1, 5);
      long factor = Math.round(Math.pow(-base, shift));
      String power = "(-%d)^{n+%d}".formatted(base, shift);
      expect(true, power, "%d(-%d)^n".formatted(factor, base));
      expect(true, power, "%d(-1)^n%d^n".formatted(factor, base).replace(")^n", ")^n\\cdot "));
      expect(false, power, "%d(-%d)^n".formatted(-factor, base));
      expect(false, power, "%d\\cdot%d^n".formatted(factor, base));
      expect(false, power + "x", "%d(-%d)^n\\lfloor x\\rfloor".formatted(factor, base));
    }
    assertNoneWrong();
  }
}
