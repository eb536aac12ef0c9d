package org.score4j.training.tasks;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.score4j.core.generation.StopRule;
import org.score4j.kernels.Philox;
import org.score4j.tokenizer.Tokenizer;
import org.score4j.tokenizer.WordLevelTokenizer;
import org.score4j.training.verifiers.ExactResponseVerifier;
import org.score4j.training.verifiers.Verifier;

/**
 * The embedded task: answer-first chain arithmetic. {@code 7+5*8-4=} is answered by {@code 226}:
 * the final answer, then the running results; after the revise token {@code R} comes a second
 * response in the same format. A small model must answer before it has worked and is often wrong,
 * but can read the answer off its own draft.
 *
 * <p>Held-out problems are distinct, training problems are distinct and none of them is held out.
 */
public final class ChainArithmeticTask implements Task {
  // First counter of the derived keys: the sets and fresh problems never share a random word.
  private static final int HELD_OUT_STREAM = 1;
  private static final int TRAINING_STREAM = 2;

  private final ChainArithmetic arithmetic;
  private final MixtureProbabilities mixture;
  private final WordLevelTokenizer tokenizer =
      WordLevelTokenizer.ofCharacters(ChainArithmetic.CHARACTERS, "<unk>");
  private final Verifier verifier = new ExactResponseVerifier();
  private final Set<Long> heldOutCodes;
  private final List<Problem> heldOutProblems;
  private final List<Problem> trainingProblems;

  /** Draws both sets; supervised rows are of the default mixture. */
  public ChainArithmeticTask(ChainArithmeticSettings settings) {
    this(settings, MixtureProbabilities.DEFAULTS);
  }

  /**
   * Draws both sets.
   *
   * @param mixture of the rows of supervised training
   */
  public ChainArithmeticTask(ChainArithmeticSettings settings, MixtureProbabilities mixture) {
    this.mixture = mixture;
    arithmetic = new ChainArithmetic(settings.operations(), settings.productProbability());
    Set<Long> taken = new HashSet<>();
    heldOutProblems =
        drawDistinct(
            Philox.derive(settings.dataSeed(), HELD_OUT_STREAM, 0, 0, 0),
            settings.heldOutProblems(),
            taken);
    heldOutCodes = Set.copyOf(taken);
    trainingProblems =
        drawDistinct(
            Philox.derive(settings.dataSeed(), TRAINING_STREAM, 0, 0, 0),
            settings.trainingProblems(),
            taken);
  }

  /** Problems at the first draws that are not taken; takes them. */
  private List<Problem> drawDistinct(long key, int count, Set<Long> taken) {
    List<Problem> problems = new ArrayList<>(count);
    for (int draw = 0; problems.size() < count; draw++) {
      int[] prompt = arithmetic.draw(key, draw, 0, 0);
      if (taken.add(ChainArithmetic.code(prompt))) {
        problems.add(
            new Problem(
                problems.size(),
                tokenizer.decode(prompt),
                prompt,
                tokenizer.decode(arithmetic.solve(prompt))));
      }
    }
    return List.copyOf(problems);
  }

  /** The prompt at counters (c0, c1): the first of its draws that is not held out. */
  int[] drawNotHeldOut(long key, int c0, int c1) {
    for (int attempt = 0; ; attempt++) {
      int[] prompt = arithmetic.draw(key, c0, c1, attempt);
      if (!heldOutCodes.contains(ChainArithmetic.code(prompt))) {
        return prompt;
      }
    }
  }

  ChainArithmetic arithmetic() {
    return arithmetic;
  }

  @Override
  public String name() {
    return "chain-arithmetic";
  }

  @Override
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  @Override
  public List<Problem> trainingProblems() {
    return trainingProblems;
  }

  @Override
  public List<Problem> heldOutProblems() {
    return heldOutProblems;
  }

  @Override
  public int[] correctionIds() {
    return new int[] {ChainArithmetic.REVISE};
  }

  @Override
  public SupervisedRows supervisedRows(long key) {
    return new ChainArithmeticMixture(this, mixture, key);
  }

  @Override
  public StopRule stopRule() {
    return StopRule.fixedLength(arithmetic.responseLength());
  }

  @Override
  public Verifier verifier() {
    return verifier;
  }
}
