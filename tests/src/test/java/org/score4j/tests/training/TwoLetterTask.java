package org.score4j.tests.training;

import java.util.List;
import org.score4j.core.generation.StopRule;
import org.score4j.tokenizer.Tokenizer;
import org.score4j.tokenizer.WordLevelTokenizer;
import org.score4j.training.tasks.Problem;
import org.score4j.training.tasks.Task;
import org.score4j.training.verifiers.ExactResponseVerifier;
import org.score4j.training.verifiers.Verifier;

/**
 * A task whose every conversation can be enumerated: three tokens, one-token answers, {@code a} is
 * right.
 */
final class TwoLetterTask implements Task {
  private final WordLevelTokenizer tokenizer = WordLevelTokenizer.ofCharacters("ab", "<unk>");
  private final Problem problem = new Problem(0, "b", tokenizer.encode("b"), "a");

  @Override
  public String name() {
    return "two-letter";
  }

  @Override
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  @Override
  public List<Problem> trainingProblems() {
    return List.of(problem);
  }

  @Override
  public List<Problem> heldOutProblems() {
    return List.of(problem);
  }

  @Override
  public int[] correctionIds() {
    return tokenizer.encode("b");
  }

  @Override
  public StopRule stopRule() {
    return StopRule.fixedLength(1);
  }

  @Override
  public Verifier verifier() {
    return new ExactResponseVerifier();
  }
}
