package org.score4j.training.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class AttemptDiffTest {
  private static String marked(String first, String second) {
    StringBuilder text = new StringBuilder();
    for (AttemptDiff.Part part : AttemptDiff.parts(first, second)) {
      text.append(part.changed() ? "[" + part.text() + "]" : part.text());
    }
    return text.toString();
  }

  @ParameterizedTest
  @CsvSource({
    "526,226,[2]26",
    "226,226,226",
    "123,456,[456]",
    "x = 3,x = 13,x = [1]3",
    "return a,return a + b,return a[ + b]",
    "abc,ac,ac",
    "the dog sat,the big dog sat down,the [big ]dog sat[ down]",
  })
  void charactersThatAreNewInTheSecondAttempt_areMarked(
      String first, String second, String expected) {
    assertThat(marked(first, second)).isEqualTo(expected);
  }

  @Test
  void emptyAttempts_haveNoParts_orAllChanged() {
    assertThat(marked("", "")).isEmpty();
    assertThat(marked("a", "")).isEmpty();
    assertThat(marked("", "ab")).isEqualTo("[ab]");
  }

  @Test
  void longAttempts_areComparedByTheirEndsOnly() {
    String first = "start " + "ab".repeat(5000) + " end";
    String second = "start " + "ba".repeat(4000) + " end";
    assertThat(marked(first, second)).startsWith("start [").endsWith("] end");
  }
}
