package org.score4j.training.verifiers.math;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.score4j.training.verifiers.Verdict;

class AnswerExtractorTest {
  private static final AnswerExtractor ALL = new AnswerExtractor(List.of(ExtractionRule.values()));

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "So. Final Answer: The final answer is $12$. I hope it is correct. | final-answer | 12",
        "Final Answer: The final answer is $\\$5$. I hope it is correct. | final-answer | \\$5",
        "Final Answer: The final answer is 12. I hope it is correct. | final-answer | 12.",
        "The final answer is $1$. No, the final answer is $2$. | final-answer | 2",
        "The final answer is \\(3\\). | final-answer | 3",
        "The final answer is $\\boxed{7}$. | final-answer | 7",
        "The final answer is unclear, but \\boxed{4}. | boxed | 4",
        "\\boxed{1}, then \\boxed{\\frac{1}{2}} | boxed | \\frac{1}{2}",
        "\\boxed 12 | boxed | 12",
        "\\boxed\\frac12 | boxed | \\frac12",
        "\\framebox[2cm][c]{6} | boxed | 6",
        "\\boxed{\\boxed{5}} | boxed | \\boxed{5}",
        "\\boxed{1} and \\boxed{\\frac{1}{2} | boxed | 1",
        "\\boxed{\\{1, 2\\}} | boxed | \\{1, 2\\}",
        "\\boxed 5 | boxed | 5",
        "\\fbox{6} | boxed | 6",
        "2 + 2 = 4 #### 18 | hashes | 18",
        "so 3 apples remain 17 | last-number | 17",
        "it costs $1,234.50. | last-number | 1,234.50",
        "from 10 to -3 | last-number | -3",
        "that is 10-3 | last-number | 10-3",
        "She needs 2 1/2 cups | last-number | 2 1/2",
        "in all 12 345 people | last-number | 12345",
        "It is 1.2e3 metres | last-number | 1200",
        "about 3/4 of them | last-number | 3/4"
      })
  void theRuleThatFoundTheAnswerIsSaid(String response, String rule, String answer) {
    assertThat(ALL.extract(response))
        .contains(new AnswerExtractor.Extracted(answer, ExtractionRule.byName(rule)));
  }

  @Test
  void anAnswerLineIsTheLastOne() {
    assertThat(ALL.extract("A: 1\nno\n**Answer:** 5\nthe end"))
        .contains(new AnswerExtractor.Extracted("5", ExtractionRule.ANSWER_LINE));
    assertThat(ALL.extract("Work.\nA: 26"))
        .contains(new AnswerExtractor.Extracted("26", ExtractionRule.ANSWER_LINE));
  }

  @Test
  void severalPartsAreOneAnswer() {
    assertThat(ALL.extract("\\boxed{1} and \\boxed{\\frac{1}{2}}"))
        .contains(
            new AnswerExtractor.Extracted(
                "1, \\frac{1}{2}", ExtractionRule.BOXED, List.of("1", "\\frac{1}{2}")));
  }

  @Test
  void anAnswerTakenBackHasNoParts() {
    MathVerifier verifier = new MathVerifier(List.of(ExtractionRule.BOXED), Duration.ofSeconds(1));
    assertThat(verifier.verify("5", "\\boxed{5}. Wait, that is wrong."))
        .isEqualTo(Verdict.wrong("boxed: the answer was taken back, and no other one given"));
  }

  @Test
  void theOrderDecidesBetweenRulesThatReadTheSamePlace() {
    String response = "\\boxed{1}\n#### 2";
    assertThat(
            new AnswerExtractor(List.of(ExtractionRule.HASHES, ExtractionRule.BOXED))
                .extract(response))
        .contains(new AnswerExtractor.Extracted("2", ExtractionRule.HASHES));
    String both = "The final answer is $\\boxed{7}$.";
    for (ExtractionRule rule : List.of(ExtractionRule.BOXED, ExtractionRule.FINAL_ANSWER)) {
      List<ExtractionRule> order =
          rule == ExtractionRule.BOXED
              ? List.of(rule, ExtractionRule.FINAL_ANSWER)
              : List.of(rule, ExtractionRule.BOXED);
      assertThat(new AnswerExtractor(order).extract(both))
          .contains(new AnswerExtractor.Extracted("7", rule));
    }
    assertThat(new AnswerExtractor(List.of(ExtractionRule.BOXED)).extract("no box, 5")).isEmpty();
    assertThatThrownBy(() -> new AnswerExtractor(List.of())).hasMessageContaining("at least one");
    assertThatThrownBy(() -> ExtractionRule.byName("box"))
        .hasMessageContaining("'box'")
        .hasMessageContaining("boxed")
        .hasMessageContaining("last-number");
  }

  @Test
  void aVerdictSaysWhichRuleFoundWhat() {
    MathVerifier verifier = new MathVerifier(List.of(ExtractionRule.BOXED), Duration.ofSeconds(1));
    assertThat(verifier.verify("\\frac12", "\\boxed{0.5}"))
        .isEqualTo(Verdict.right("boxed \"0.5\", which is \"\\frac12\""));
    assertThat(verifier.verify("2", "\\boxed{3}"))
        .isEqualTo(Verdict.wrong("boxed \"3\", expected \"2\""));
    assertThat(verifier.verify("2", "it is 2"))
        .isEqualTo(Verdict.wrong("no final answer; looked for boxed"));
    assertThat(verifier.verify(" ", "\\boxed{3}").isError()).isTrue();
  }

  @Test
  void aTimeLimitIsAnErrorAndNoVerdict() {
    MathVerifier verifier = new MathVerifier(List.of(ExtractionRule.BOXED), Duration.ofNanos(1));
    String long1 = "x+".repeat(300) + "x";
    Verdict verdict = verifier.verify("300x", "\\boxed{" + long1 + "}");
    assertThat(verdict.error()).contains("took longer than 0 ms");
  }
}
