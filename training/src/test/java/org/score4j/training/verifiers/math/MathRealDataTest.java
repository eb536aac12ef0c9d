package org.score4j.training.verifiers.math;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.score4j.training.verifiers.SharedData;
import org.score4j.training.verifiers.Verdict;

/** The math verifier on public data sets. */
class MathRealDataTest {
  private static final String MATH500 = "math/math500_test.norm.jsonl.gz";
  private static final String MATH12K = "math/math12k_train.norm.jsonl.gz";

  // Between dollars, of which \\$ is none.
  private static final Pattern FORMULA =
      Pattern.compile("(?<!\\\\)\\$((?:[^$\\\\]|\\\\.)+)\\$|\\\\\\[(.+?)\\\\\\]", Pattern.DOTALL);
  // Written out independently of the verifier: a sign, currency, digits or a fraction of digits, a
  // unit sign or a modulus.
  private static final Pattern NUMBER =
      Pattern.compile(
          "-?(\\\\\\$)?(\\d[\\d,\\\\!{}]*(\\.\\d*)?|\\.\\d+|\\d*\\.\\d*\\\\overline\\{?\\d+}?|\\d*\\s*\\\\[dt]?frac\\s*(\\{\\d+}|\\d)\\s*(\\{\\d+}|\\d)|\\d+/\\d+)(\\\\ldots)?\\s*(\\\\?%|\\^\\{?\\\\circ}?|\\\\pmod\\{?\\d+}?)?[.,]?");
  // Such as test/algebra/1878: "the answers are \\boxed{-2} and \\boxed{1}" with the reference 1.
  private static final Set<String> PARTIAL_REFERENCES =
      Set.of(
          "test/algebra/1878",
          "test/intermediate_algebra/25",
          "test/intermediate_algebra/225",
          "test/intermediate_algebra/702",
          "test/intermediate_algebra/1855",
          "test/precalculus/679",
          "test/precalculus/1227",
          "train/algebra/152",
          "train/algebra/1771",
          "train/intermediate_algebra/396",
          "train/intermediate_algebra/1113",
          "train/intermediate_algebra/1486",
          "train/intermediate_algebra/1964",
          "train/number_theory/837",
          "train/precalculus/860",
          "train/precalculus/1040",
          "train/precalculus/1089",
          "train/precalculus/1149");

  private final MathEquality equality = new MathEquality(MathVerifier.DEFAULT_TIME_LIMIT);

  /**
   * MATH-12k: the solutions of 18 problems box two answers, of which the data set keeps the last
   * one as the reference. They are one list, and a list is right only against the same list.
   */
  @ParameterizedTest
  @CsvSource({
    "math/math12k_train.norm.jsonl.gz, 11980, 2",
    "math/math500_test.norm.jsonl.gz, 500, 0",
    "gsm8k/gsm8k_train.norm.jsonl.gz, 7473, 0",
    "gsm8k/gsm8k_test.norm.jsonl.gz, 1319, 0"
  })
  void everyGoldSolutionIsRight(String file, int accepted, int withoutAnswer) throws IOException {
    MathVerifier verifier =
        new MathVerifier(
            List.of(ExtractionRule.FINAL_ANSWER, ExtractionRule.BOXED, ExtractionRule.HASHES),
            MathVerifier.DEFAULT_TIME_LIMIT);
    int right = 0;
    int errors = 0;
    int partial = 0;
    List<String> wrong = new ArrayList<>();
    for (JsonNode row : SharedData.rows(file)) {
      Verdict verdict =
          verifier.verify(row.path("answer").asText(""), row.get("solution").asText());
      if (verdict.isError()) {
        errors++;
      } else if (verdict.isCorrect()) {
        right++;
      } else if (PARTIAL_REFERENCES.contains(row.get("id").asText())) {
        partial++;
      } else {
        wrong.add(row.get("id").asText() + ": " + verdict.reason());
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(right).isEqualTo(accepted);
    assertThat(errors).as("rows without a reference answer").isEqualTo(withoutAnswer);
    assertThat(partial).isEqualTo(file.contains("math12k") ? PARTIAL_REFERENCES.size() : 0);
  }

  /** As in a row of supervised training and as the prompt of SCoRe asks. */
  @ParameterizedTest
  @CsvSource({
    "math/math12k_train.norm.jsonl.gz, 11998",
    "math/math500_test.norm.jsonl.gz, 500",
    "gsm8k/gsm8k_train.norm.jsonl.gz, 7473",
    "gsm8k/gsm8k_test.norm.jsonl.gz, 1319"
  })
  void everyGoldSolutionThatEndsWithItsFinalAnswerIsRight(String file, int accepted)
      throws IOException {
    MathVerifier verifier =
        new MathVerifier(
            List.of(ExtractionRule.FINAL_ANSWER, ExtractionRule.BOXED),
            MathVerifier.DEFAULT_TIME_LIMIT);
    int right = 0;
    List<String> wrong = new ArrayList<>();
    for (JsonNode row : SharedData.rows(file)) {
      String answer = row.path("answer").asText("");
      if (answer.isBlank() || answer.equals("null")) {
        continue;
      }
      String response =
          "%s\nFinal Answer: The final answer is $%s$. I hope it is correct."
              .formatted(row.get("solution").asText(), answer);
      if (verifier.verify(answer, response).isCorrect()) {
        right++;
      } else {
        wrong.add(row.get("id").asText() + ": " + verifier.verify(answer, response));
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(right).isEqualTo(accepted);
  }

  /**
   * Every formula of a question as the answer to it. What is still right for a number is the number
   * in another notation, which a question may state too: {@code x = 3}, {@code 0.\\overline{3}} for
   * ⅓. The count with expressions allowed shows that the question is put.
   */
  @Test
  void noFormulaOfAQuestionIsPaidAsANumber() throws IOException {
    assertThat(unevaluated(AnswerForm.EXPRESSION)).hasSizeGreaterThan(500);
    assertThat(unevaluated(AnswerForm.VALUE)).isEmpty();
  }

  private static List<String> unevaluated(AnswerForm form) throws IOException {
    MathVerifier verifier =
        new MathVerifier(List.of(ExtractionRule.BOXED), MathVerifier.DEFAULT_TIME_LIMIT, form);
    List<String> paid = new ArrayList<>();
    for (JsonNode row : SharedData.rows(MATH12K)) {
      String answer = row.path("answer").asText("").strip();
      Matcher formulas = FORMULA.matcher(row.get("problem").asText());
      while (NUMBER.matcher(answer).matches() && formulas.find()) {
        String formula = formulas.group(1) == null ? formulas.group(2) : formulas.group(1);
        String value = formula.substring(formula.lastIndexOf('=') + 1);
        if (!NUMBER.matcher(value.strip()).matches()
            && verifier.verify(answer, "\\boxed{" + formula + "}").isCorrect()) {
          paid.add(row.get("id").asText() + ": " + answer + "  " + formula);
        }
      }
    }
    return paid;
  }

  /** All 124,750 pairs of MATH-500, not only 50 for each; the genuine equals are in a resource. */
  @Test
  void noTwoDifferentAnswersAreConfused() throws IOException {
    List<String> answers = answers(MATH500);
    Set<String> equals = genuineEquals();
    Set<String> met = new HashSet<>();
    List<String> confused = new ArrayList<>();
    for (int i = 0; i < answers.size(); i++) {
      for (int j = i + 1; j < answers.size(); j++) {
        String one = answers.get(i);
        String other = answers.get(j);
        boolean equal = equality.compare(one, other) == MathEquality.Outcome.EQUAL;
        String pair = one.compareTo(other) < 0 ? one + "\t" + other : other + "\t" + one;
        if (equal && !one.equals(other) && !equals.contains(pair)) {
          confused.add(pair);
        } else if (equal) {
          met.add(pair);
        }
      }
    }
    assertThat(confused).isEmpty();
    assertThat(met).as("the listed equals are all seen as equal").containsAll(equals);
  }

  /** The most sensitive test of all: one digit or one sign of a gold answer is another. */
  @Test
  void anAnswerWithOneOtherDigitOrSignIsWrong() throws IOException {
    Set<String> golds = new HashSet<>(answers(MATH500));
    golds.addAll(answers(MATH12K));
    SplittableRandom random = new SplittableRandom(Long.getLong("score4j.seed", 3));
    List<String> accepted = new ArrayList<>();
    int tried = 0;
    for (String gold : golds) {
      // What follows ≈ says the same again, rounded; it is not read.
      int end = gold.contains("\\approx") ? gold.indexOf("\\approx") : gold.length();
      if (gold.contains("\\phantom")) {
        continue; // what it hides may be anything
      }
      for (int i = 0; i < end; i++) {
        char c = gold.charAt(i);
        char other = c;
        if (c >= '0' && c <= '9') {
          other = (char) ('0' + (c - '0' + 1 + random.nextInt(9)) % 10);
        } else if (c == '+') {
          other = '-';
        } else if (c == '-') {
          other = '+';
        }
        if (other != c) {
          String changed = gold.substring(0, i) + other + gold.substring(i + 1);
          tried++;
          if (equality.compare(gold, changed) != MathEquality.Outcome.DIFFERENT) {
            accepted.add(gold + "  " + changed);
          }
        }
      }
    }
    assertThat(accepted).isEmpty();
    assertThat(tried).isGreaterThan(15_000);
  }

  /** Four models' samples for the 1,319 test problems, judged by the authors of GSM8K. */
  @Test
  void theFlagsOfRealModelSamplesAreReproduced() throws IOException {
    MathVerifier verifier =
        new MathVerifier(List.of(ExtractionRule.ANSWER_LINE), MathVerifier.DEFAULT_TIME_LIMIT);
    List<String> differences = new ArrayList<>();
    int samples = 0;
    for (JsonNode row : SharedData.rows("gsm8k/example_model_solutions.jsonl.gz")) {
      String truth = row.get("ground_truth").asText();
      String reference = truth.substring(truth.lastIndexOf("A:") + 2).strip();
      for (String model :
          List.of("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")) {
        JsonNode sample = row.get(model);
        Verdict verdict = verifier.verify(reference, sample.get("solution").asText());
        samples++;
        if (verdict.isError() || verdict.isCorrect() != sample.get("is_correct").asBoolean()) {
          differences.add(model + ": " + row.get("question").asText() + ": " + verdict);
        }
      }
    }
    assertThat(differences).isEmpty();
    assertThat(samples).isEqualTo(4 * 1319);
  }

  private static List<String> answers(String file) throws IOException {
    return SharedData.rows(file).stream()
        .map(row -> row.path("answer").asText(""))
        .filter(answer -> !answer.isBlank() && !answer.equals("null"))
        .toList();
  }

  private static Set<String> genuineEquals() throws IOException {
    try (InputStream resource =
        Objects.requireNonNull(
            MathRealDataTest.class.getResourceAsStream("/verifiers/math500-equals.tsv"))) {
      Set<String> pairs = new HashSet<>();
      for (String line : new String(resource.readAllBytes(), UTF_8).lines().toList()) {
        if (!line.startsWith("#")) {
          String[] columns = line.split("\t", -1);
          pairs.add(columns[0] + "\t" + columns[1]);
        }
      }
      return pairs;
    }
  }
}
