package org.score4j.training.verifiers.math;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The tables of hand-written pairs, each in both orders. */
class MathPairsTest {
  private final MathEquality equality = new MathEquality(MathVerifier.DEFAULT_TIME_LIMIT);

  /**
   * One line of the table.
   *
   * @param verdict same, differ, or unseen: the same, which the verifier does not see
   */
  private record Pair(String kind, String verdict, String one, String other) {}

  @TestFactory
  Stream<DynamicContainer> everyPairHasItsVerdict() throws IOException {
    List<Pair> pairs = pairs();
    return pairs.stream()
        .map(Pair::kind)
        .distinct()
        .map(
            kind ->
                DynamicContainer.dynamicContainer(
                    kind,
                    pairs.stream()
                        .filter(pair -> pair.kind().equals(kind))
                        .map(
                            pair ->
                                DynamicTest.dynamicTest(
                                    pair.verdict() + " " + pair.one() + "  " + pair.other(),
                                    () -> check(pair)))));
  }

  private void check(Pair pair) {
    MathEquality.Outcome expected =
        pair.verdict().equals("same") ? MathEquality.Outcome.EQUAL : MathEquality.Outcome.DIFFERENT;
    assertThat(equality.compare(pair.one(), pair.other())).isEqualTo(expected);
    assertThat(equality.compare(pair.other(), pair.one())).as("reversed").isEqualTo(expected);
  }

  @Test
  void theTableIsLargeAndItsExceptionsAreFew() throws IOException {
    List<Pair> pairs = pairs();
    assertThat(pairs).hasSizeGreaterThan(1_100);
    assertThat(pairs.stream().filter(pair -> pair.verdict().equals("same")))
        .hasSizeGreaterThan(600);
    assertThat(pairs.stream().filter(pair -> pair.verdict().equals("differ")))
        .hasSizeGreaterThan(400);
    assertThat(pairs.stream().filter(pair -> pair.verdict().equals("unseen"))).hasSizeLessThan(10);
  }

  private static List<Pair> pairs() throws IOException {
    List<Pair> pairs = new ArrayList<>();
    for (String table : List.of("math-pairs.tsv", "notation-pairs.tsv")) {
      read("/verifiers/" + table, pairs);
    }
    return pairs;
  }

  private static void read(String table, List<Pair> pairs) throws IOException {
    String kind = "";
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                Objects.requireNonNull(MathPairsTest.class.getResourceAsStream(table)), UTF_8))) {
      String line;
      while ((line = reader.readLine()) != null) {
        String[] columns = line.split("\t", -1);
        if (line.startsWith("[")) {
          kind = line;
        } else if (columns.length >= 3) {
          assertThat(columns[0]).as(line).isIn("same", "differ", "unseen");
          assertThat(columns).as(line).hasSize(columns[0].equals("unseen") ? 4 : 3);
          pairs.add(new Pair(kind, columns[0], columns[1], columns[2]));
        } else {
          assertThat(line).as("a line that is no pair").startsWith("#");
        }
      }
    }
  }
}
