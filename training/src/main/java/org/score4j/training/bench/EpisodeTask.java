package org.score4j.training.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.score4j.core.generation.StopRule;
import org.score4j.tokenizer.Tokenizer;
import org.score4j.training.tasks.Problem;
import org.score4j.training.tasks.Task;
import org.score4j.training.verifiers.Verdict;
import org.score4j.training.verifiers.Verifier;

/**
 * Random prompts, responses of a fixed length, a verdict that is right for about half of them: the
 * work of a task without its meaning.
 */
final class EpisodeTask implements Task {
  private static final int PROBLEMS = 64;
  private static final int INSTRUCTION = 8;
  private static final long SEED = 2;

  private final BenchShape shape;
  private final List<Problem> problems = new ArrayList<>();
  private final int[] instruction;

  EpisodeTask(BenchShape shape) {
    this.shape = shape;
    SplittableRandom random = new SplittableRandom(SEED);
    int vocabulary = shape.model().vocabSize();
    for (int i = 0; i < PROBLEMS; i++) {
      int[] ids = random.ints(shape.promptLength(), 0, vocabulary).toArray();
      problems.add(new Problem(i, text(ids), ids, ""));
    }
    instruction = random.ints(INSTRUCTION, 0, vocabulary).toArray();
  }

  @Override
  public String name() {
    return "random episodes";
  }

  @Override
  public Tokenizer tokenizer() {
    throw new UnsupportedOperationException("bench: episodes are ids without a text");
  }

  @Override
  public List<Problem> trainingProblems() {
    return problems;
  }

  @Override
  public List<Problem> heldOutProblems() {
    return List.of();
  }

  @Override
  public int[] correctionIds() {
    return instruction.clone();
  }

  @Override
  public String promptText(int[] prompt) {
    return text(prompt);
  }

  @Override
  public String text(int[] response) {
    return Arrays.stream(response).mapToObj(Integer::toString).collect(Collectors.joining(" "));
  }

  @Override
  public StopRule stopRule() {
    return StopRule.fixedLength(shape.newTokens());
  }

  @Override
  public Verifier verifier() {
    return (reference, response) ->
        response.hashCode() % 2 == 0 ? Verdict.right("even") : Verdict.wrong("odd");
  }
}
