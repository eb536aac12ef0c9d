package org.score4j.training.verifiers.math;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.score4j.training.verifiers.Verdict;

/** Broken, nested and absurd answers: always a verdict, and in time. */
class MathFuzzTest {
  private static final String[] SEEDS = {
    "42",
    "-\\frac{1}{2}",
    "\\sqrt{2}",
    "\\left( 3, \\frac{\\pi}{2} \\right)",
    "(-\\infty, 2) \\cup [3, \\infty)",
    "\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}",
    "x^2 + 2x + 1",
    "1,296,540",
    "6\\frac{3}{4}",
    "\\pm 3",
    "1010100_2",
    "\\text{(B)}",
    "10\\text{ cm}",
    "90^\\circ",
    "18\\%",
    "\\$5.40",
    "y = 2x + 3",
    "1 < x \\le 2",
    "\\{1, 2\\}",
    "2^{2008} - 2",
    "\\sin^2 x",
    "0.\\overline{3}",
    "8\\!:\\!34 \\text{ p.m.}",
    "3+4i",
    "10!",
    "\\binom{10}{3}",
    "|x - 3|",
    "f(2) < f(1)",
    "\\log_2 8",
    "\\frac{x^{100}-1}{x-1}",
    "9^{9^{9}}",
    "e^{i\\pi}"
  };
  private static final String[] FRAGMENTS = {
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "\\{",
    "\\}",
    "\\frac",
    "\\sqrt",
    "\\sqrt[3]",
    "^",
    "_",
    "!",
    "|",
    "\\text{",
    "\\left",
    "\\right",
    "$",
    ",",
    "\\pm",
    "-",
    "+",
    "/",
    "\\cdot",
    "=",
    "<",
    "\\cup",
    "\\begin{pmatrix}",
    "\\end{pmatrix}",
    "\\\\",
    "&",
    "\\infty",
    "\\pi",
    "i",
    "e",
    "x",
    "9",
    "0",
    ".",
    "^{9^9}",
    "\\overline",
    "\\boxed{",
    "\\",
    "\u0000",
    "π",
    "\uD835",
    " ",
    "\\lfloor",
    "%",
    "\\circ",
    "\\sin",
    "\\log_",
    "999999999999",
    "!!!!!",
    "((((((((((",
    "x^{x^{x^x}}",
    ":",
    "\\phantom"
  };

  @Test
  void mutatedAnswersGetAVerdictInTime() {
    judge(50_000);
  }

  @Test
  @Tag("long")
  void aMillionMutatedAnswersGetAVerdictInTime() {
    judge(1_000_000);
  }

  private static void judge(int count) {
    long seed = Long.getLong("score4j.seed", 20260107L);
    SplittableRandom random = new SplittableRandom(seed);
    MathVerifier verifier =
        new MathVerifier(List.of(ExtractionRule.values()), MathVerifier.DEFAULT_TIME_LIMIT);
    List<String> unjudged = new ArrayList<>();
    int right = 0;
    for (int i = 0; i < count; i++) {
      String reference = SEEDS[random.nextInt(SEEDS.length)];
      String answer = mutated(random.nextInt(8) == 0 ? other(random) : reference, random);
      String response =
          switch (random.nextInt(4)) {
            case 0 -> "Thus \\boxed{" + answer + "}.";
            case 1 -> "Final Answer: The final answer is $" + answer + "$. I hope it is correct.";
            case 2 -> "#### " + answer;
            default -> answer;
          };
      Verdict verdict = verifier.verify(reference, response);
      if (verdict.isError()) {
        // As in training: a pause of a busy machine is no fault of the comparison.
        verdict = verifier.verify(reference, response);
      }
      if (verdict.isError()) {
        unjudged.add(reference + " / " + response + ": " + verdict.error());
      } else {
        right += verdict.isCorrect() ? 1 : 0;
      }
    }
    assertThat(unjudged).as("of %d, score4j.seed=%d", count, seed).isEmpty();
    // Some mutations leave the value as it is; most do not.
    assertThat(right).as("right of %d", count).isBetween(count / 100, count / 2);
  }

  private static String other(SplittableRandom random) {
    return SEEDS[random.nextInt(SEEDS.length)];
  }

  private static String mutated(String answer, SplittableRandom random) {
    StringBuilder text = new StringBuilder(answer);
    for (int n = 1 + random.nextInt(6); n > 0; n--) {
      int at = random.nextInt(text.length() + 1);
      switch (random.nextInt(6)) {
        case 0 -> text.insert(at, FRAGMENTS[random.nextInt(FRAGMENTS.length)]);
        case 1 -> text.delete(at, Math.min(text.length(), at + 1 + random.nextInt(3)));
        case 2 -> text.insert(at, (char) (32 + random.nextInt(95)));
        case 3 -> text.insert(at, text.substring(0, at));
        case 4 -> text.append(other(random));
        default -> {
          String fragment = FRAGMENTS[random.nextInt(FRAGMENTS.length)];
          text.insert(at, fragment.repeat(1 + random.nextInt(80)));
        }
      }
    }
    return text.toString();
  }
}
