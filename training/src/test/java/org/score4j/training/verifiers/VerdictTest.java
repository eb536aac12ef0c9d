package org.score4j.training.verifiers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class VerdictTest {
  private final Verifier verifier = new ExactResponseVerifier();

  @Test
  void aResponseIsRightOnlyWhenAnswerAndWorkingAreRight() {
    assertThat(verifier.verify("226", "226").score()).isEqualTo(1);
    assertThat(verifier.verify("226", "326")).isEqualTo(Verdict.wrong("answer 3, expected 2"));
    assertThat(verifier.verify("224", "226")).isEqualTo(Verdict.wrong("working 2 6, expected 2 4"));
    assertThat(verifier.verify("224", "326"))
        .isEqualTo(Verdict.wrong("answer 3, expected 2; working 2 6, expected 2 4"));
    assertThat(verifier.verify("226", "22"))
        .isEqualTo(Verdict.wrong("response \"22\", expected \"226\""));
    assertThat(verifier.verify("2", "3")).isEqualTo(Verdict.wrong("answer 3, expected 2"));
    assertThat(verifier.verify("226", "2<unk>6").score()).isZero();
  }

  @Test
  void anErrorIsNeverReadableAsAScore() {
    Verdict failed = Verdict.failed("time limit of 5 s");
    assertThat(failed.isError()).isTrue();
    assertThatThrownBy(failed::score)
        .hasMessageContaining("time limit of 5 s")
        .hasMessageContaining("not a zero");
    assertThatThrownBy(failed::isCorrect).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aVerdictIsAJudgementOrAnErrorButNotBoth() {
    assertThatThrownBy(() -> new Verdict(0, "wrong", "crashed"))
        .hasMessageContaining("score 0.0 with error crashed");
    assertThatThrownBy(() -> new Verdict(Double.NaN, "", null)).hasMessageContaining("score NaN");
    assertThatThrownBy(() -> new Verdict(11, "a shaped reward is no score", null))
        .hasMessageContaining("[0, 1]");
  }
}
