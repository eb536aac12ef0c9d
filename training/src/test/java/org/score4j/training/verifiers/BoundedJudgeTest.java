package org.score4j.training.verifiers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class BoundedJudgeTest {
  private static List<BoundedJudge.Response> responses(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> new BoundedJudge.Response("reference " + i, "response " + i))
        .toList();
  }

  @Test
  void verdictsComeInTheOrderOfTheResponses() {
    BoundedJudge judge =
        new BoundedJudge((reference, response) -> Verdict.right(reference + response), 3, 1);
    List<Verdict> verdicts = judge.judge(responses(100));
    for (int i = 0; i < 100; i++) {
      assertThat(verdicts.get(i).reason()).isEqualTo("reference %dresponse %d".formatted(i, i));
    }
    assertThat(judge.judge(List.of())).isEmpty();
  }

  @Test
  @Timeout(60)
  void asManyAsAllowedAreJudgedAtOnceAndNoMore() {
    AtomicInteger now = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    // Nobody passes it before four are there at the same time.
    CyclicBarrier four = new CyclicBarrier(4);
    BoundedJudge judge =
        new BoundedJudge(
            (reference, response) -> {
              most.accumulateAndGet(now.incrementAndGet(), Math::max);
              try {
                four.await(30, TimeUnit.SECONDS);
              } catch (Exception e) {
                return Verdict.failed("not four at once: " + e);
              } finally {
                now.decrementAndGet();
              }
              return Verdict.right("right");
            },
            4,
            1);
    assertThat(judge.judge(responses(40))).noneMatch(Verdict::isError);
    assertThat(most).hasValueLessThanOrEqualTo(4);
  }

  @Test
  void anErrorIsTriedAgainAndThenStaysAnError() {
    Map<String, Integer> calls = new ConcurrentHashMap<>();
    BoundedJudge judge =
        new BoundedJudge(
            (reference, response) -> {
              int call = calls.merge(response, 1, Integer::sum);
              return switch (response) {
                case "response 0" -> Verdict.failed("time limit");
                case "response 1" -> call < 3 ? Verdict.failed("busy") : Verdict.right("at last");
                default -> Verdict.wrong("wrong");
              };
            },
            2,
            3);
    List<Verdict> verdicts = judge.judge(responses(3));
    assertThat(verdicts.get(0).error()).isEqualTo("time limit (3 tries)");
    assertThat(verdicts.get(1)).isEqualTo(Verdict.right("at last"));
    assertThat(verdicts.get(2)).isEqualTo(Verdict.wrong("wrong"));
    assertThat(calls)
        .containsEntry("response 0", 3)
        .containsEntry("response 1", 3)
        .containsEntry("response 2", 1);
  }

  @Test
  void whatAVerifierThrowsEndsTheRun() {
    BoundedJudge judge =
        new BoundedJudge(
            (reference, response) -> {
              throw new IllegalArgumentException("the reference is no JSON");
            },
            2,
            3);
    assertThatThrownBy(() -> judge.judge(responses(3)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the reference is no JSON");
  }
}
