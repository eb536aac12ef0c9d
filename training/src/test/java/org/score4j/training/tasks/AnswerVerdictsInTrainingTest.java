package org.score4j.training.tasks;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.score4j.core.generation.StopRule;
import org.score4j.tokenizer.Tokenizer;
import org.score4j.training.rewards.RewardShapings;
import org.score4j.training.rollouts.Rollout;
import org.score4j.training.rollouts.Samples;
import org.score4j.training.verifiers.Verdict;
import org.score4j.training.verifiers.Verifier;
import org.score4j.training.verifiers.code.CodeSettings;
import org.score4j.training.verifiers.code.CodeVerifiers;

/** Verdicts on responses in token ids as training and evaluation get them, through TaskJudge. */
class AnswerVerdictsInTrainingTest {
  @TempDir private Path folder;

  private final CodeVerifiers programs = new CodeVerifiers(CodeSettings.DEFAULTS, line -> {});

  @AfterEach
  void close() {
    programs.close();
  }

  /** Responses whose token ids are their characters. */
  private record CharacterTask(TextTask text) implements Task {
    @Override
    public String name() {
      return text.name();
    }

    @Override
    public Tokenizer tokenizer() {
      throw new UnsupportedOperationException("ids are characters");
    }

    @Override
    public List<Problem> trainingProblems() {
      return IntStream.range(0, text.training().size())
          .mapToObj(
              i ->
                  new Problem(
                      i,
                      text.training().get(i).prompt(),
                      ids(text.training().get(i).prompt()),
                      text.training().get(i).reference()))
          .toList();
    }

    @Override
    public List<Problem> heldOutProblems() {
      return List.of();
    }

    @Override
    public int[] correctionIds() {
      return ids(text.correction());
    }

    @Override
    public String text(int[] response) {
      return new String(response, 0, response.length);
    }

    @Override
    public StopRule stopRule() {
      throw new UnsupportedOperationException("nothing is sampled");
    }

    @Override
    public Verifier verifier() {
      return text.verifier();
    }
  }

  private static int[] ids(String text) {
    return text.codePoints().toArray();
  }

  private Task task(String name, String reference) throws IOException {
    String row =
        new ObjectMapper()
            .createObjectNode()
            .put("problem", "How many?")
            .put("answer", reference)
            .toString();
    Path file = Files.writeString(folder.resolve("rows.jsonl"), row);
    return new CharacterTask(
        TextTasks.open(TextTaskSettings.of(name, file.toString(), ""), programs));
  }

  private double score(String name, String reference, String response) throws IOException {
    Task task = task(name, reference);
    List<Verdict> verdicts =
        new TaskJudge(task).judge(task.trainingProblems(), List.of(ids(response)));
    return verdicts.getFirst().score();
  }

  @Test
  void aHedgeIsNotPaid() throws IOException {
    for (String response :
        List.of(
            "\\boxed{5} or \\boxed{6}",
            "\\boxed{6} or \\boxed{5}",
            "The final answer is $5$ or $6$.",
            "Final Answer: The final answer is $5$, $6$. I hope it is correct.",
            "\\boxed{5}, or maybe 6")) {
      for (String reference : List.of("5", "6")) {
        assertThat(score("math", reference, response)).as(response).isZero();
        assertThat(score("gsm8k", reference, response)).as(response).isZero();
      }
    }
    for (String response : List.of("#### 5 or 6", "A: 5, maybe 6", "She makes 5 or 6 dollars.")) {
      for (String reference : List.of("5", "6")) {
        assertThat(score("gsm8k", reference, response)).as(response).isZero();
      }
    }
    assertThat(score("math", "5, 6", "\\boxed{6} or \\boxed{5}")).isOne();
  }

  @Test
  void aRetractedAnswerIsNotPaidAndTheCorrectedOneIs() throws IOException {
    String math = "Maybe the final answer is $7$. That is wrong, for n = 2 fails. So \\boxed{9}.";
    assertThat(score("math", "7", math)).isZero();
    assertThat(score("math", "9", math)).isOne();
    String gsm8k = "#### 7\nWait, that is wrong. She makes 9 dollars.";
    assertThat(score("gsm8k", "7", gsm8k)).isZero();
    assertThat(score("gsm8k", "9", gsm8k)).isOne();
  }

  @Test
  void whatIsThoughtIsNotPaid() throws IOException {
    for (String response :
        List.of(
            "<think>\\boxed{7}, #### 7, A: 7, the final answer is $7$</think>\n\\boxed{9}",
            "So \\boxed{7}.\n</think>\nThe final answer is $9$.")) {
      for (String name : List.of("math", "gsm8k")) {
        assertThat(score(name, "7", response)).as(response).isZero();
        assertThat(score(name, "9", response)).as(response).isOne();
      }
    }
  }

  /** A second attempt that only adds a second guess must not look like a correction. */
  @Test
  void turningARightAnswerIntoAHedgeLowersTheReward() throws IOException {
    Task task = task("math", "5");
    TaskJudge judge = new TaskJudge(task);
    Verdict first = judge.judge(task.trainingProblems(), List.of(ids("\\boxed{5}"))).getFirst();
    Verdict second =
        judge.judge(task.trainingProblems(), List.of(ids("\\boxed{5} or \\boxed{6}"))).getFirst();
    assertThat(first.score()).isOne();
    assertThat(second.score()).isZero();
    Rollout rollout = Samples.rollout(first, second);
    assertThat(RewardShapings.score(10).rewards(rollout.outcome())).containsExactly(1, -10);
  }

  /** One row a line: task, reference, response, expected verdict. */
  @Test
  void everyExtractionCaseHasItsVerdict() throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    List<String> wrong = new ArrayList<>();
    int cases = 0;
    try (InputStream resource =
            Objects.requireNonNull(
                getClass().getResourceAsStream("/verifiers/extraction-cases.jsonl"));
        BufferedReader lines = new BufferedReader(new InputStreamReader(resource, UTF_8))) {
      String line;
      while ((line = lines.readLine()) != null) {
        JsonNode row = mapper.readTree(line);
        String response = row.get("response").asText();
        double expected = row.get("expected").asText().equals("right") ? 1 : 0;
        double score = score(row.get("task").asText(), row.get("reference").asText(), response);
        cases++;
        if (score != expected) {
          wrong.add(row.get("id").asText());
        }
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(cases).isGreaterThan(350);
  }
}
