package org.score4j.training.tasks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.score4j.core.generation.StopRule;
import org.score4j.tokenizer.ChatFormat;
import org.score4j.tokenizer.ChatMessage;
import org.score4j.tokenizer.FollowUp;
import org.score4j.tokenizer.HuggingFaceTokenizer;
import org.score4j.tokenizer.Tokenizer;
import org.score4j.training.verifiers.Verifier;
import org.score4j.training.verifiers.code.CodeVerifiers;

/**
 * A task on text with the tokenizer and the chat template of a model: prompts and the correction
 * instruction become ids once, responses keep the ids they were drawn with. Owns the tokenizer and
 * the workers of its verifier.
 */
public final class ModelTextTask implements Task {
  /**
   * How a model is asked.
   *
   * @param maxNewTokens most tokens of a response
   * @param maxPromptTokens most tokens of a prompt; problems with longer ones are left out
   * @param plain whether prompts are given as they are, without the chat template
   */
  public record Limits(int maxNewTokens, int maxPromptTokens, boolean plain) {}

  private final TextTask task;
  private final CodeVerifiers programs;
  private final HuggingFaceTokenizer tokenizer;
  private final ChatFormat format;
  private final Limits limits;
  private final FollowUp correction;
  private final StopRule stopRule;
  private final List<Asked> training;
  private final List<Problem> trainingProblems;
  private final List<Problem> heldOut;

  /** A problem that can be asked, and the text it comes from. */
  private record Asked(Problem problem, TextProblem text) {}

  private ModelTextTask(
      TextTask task,
      CodeVerifiers programs,
      HuggingFaceTokenizer tokenizer,
      Limits limits,
      Consumer<String> log) {
    this.task = task;
    this.programs = programs;
    this.tokenizer = tokenizer;
    this.limits = limits;
    format = limits.plain() ? ChatFormat.plain(tokenizer) : ChatFormat.of(tokenizer);
    log.accept("task %s is asked in %s".formatted(task.name(), format.description()));
    correction = format.followUp(List.of(ChatMessage.user("question")), task.correction());
    format.rewriting().ifPresent(log);
    stopRule =
        new StopRule(
            tokenizer.specialTokens().stopIds(),
            limits.maxNewTokens(),
            () -> new TextStops(tokenizer, task.stops()));
    training = asked(task.training(), "training", log);
    trainingProblems = training.stream().map(Asked::problem).toList();
    heldOut = asked(task.heldOut(), "held-out", log).stream().map(Asked::problem).toList();
  }

  /**
   * Opens a task for a model.
   *
   * @param model folder with tokenizer.json
   * @param log takes what is worth saying, such as problems that are left out
   */
  public static ModelTextTask open(
      TextTaskSettings settings, Limits limits, Path model, Consumer<String> log) {
    HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(model);
    CodeVerifiers programs = new CodeVerifiers(settings.code(), log);
    try {
      return new ModelTextTask(
          TextTasks.open(settings, programs), programs, tokenizer, limits, log);
    } catch (RuntimeException e) {
      tokenizer.close();
      programs.close();
      throw e;
    }
  }

  private List<Asked> asked(List<TextProblem> texts, String what, Consumer<String> log) {
    List<Asked> asked = new ArrayList<>(texts.size());
    for (TextProblem text : texts) {
      int[] ids = format.prompt(text.prompt());
      if (ids.length <= limits.maxPromptTokens()) {
        Problem problem = new Problem(asked.size(), text.prompt(), ids, text.reference());
        asked.add(new Asked(problem, text));
      }
    }
    int left = texts.size() - asked.size();
    if (left > 0) {
      log.accept(
          "%d of %d %s problems have more than maxPromptTokens = %d and are left out"
              .formatted(left, texts.size(), what, limits.maxPromptTokens()));
    }
    return List.copyOf(asked);
  }

  @Override
  public String name() {
    return task.name();
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
    return heldOut;
  }

  @Override
  public int[] correctionIds() {
    return correction.longest();
  }

  @Override
  public int[] correctionIds(int[] response) {
    return correction.given(response);
  }

  @Override
  public int keptIds(int[] response) {
    return correction.kept(response);
  }

  @Override
  public String text(int[] response) {
    int end = response.length;
    while (end > 0 && tokenizer.specialTokens().eosIds().contains(response[end - 1])) {
      end--;
    }
    return tokenizer.decode(Arrays.copyOf(response, end));
  }

  @Override
  public StopRule stopRule() {
    return stopRule;
  }

  @Override
  public Verifier verifier() {
    return task.verifier();
  }

  /**
   * The problems' solutions as responses, with the loss on them alone, drawn with replacement. One
   * that revises a first attempt follows it and the correction instruction, as in a rollout whose
   * first response ended by itself. Where a response has no room for an attempt, it is left out.
   */
  @Override
  public SupervisedRows supervisedRows(MixtureProbabilities mixture, long key) {
    List<SupervisedExample> examples = new ArrayList<>();
    for (Asked one : training) {
      String solution = one.text().solution();
      String first = one.text().first();
      String prompt = one.text().prompt();
      int[] before = first.isEmpty() ? new int[0] : format.answer(prompt, correction, first);
      int[] response =
          solution.isEmpty()
              ? new int[0]
              : first.isEmpty()
                  ? format.answer(prompt, correction, solution)
                  : format.answer(correction, solution);
      if (response.length > 0
          && Math.max(before.length, response.length) <= limits.maxNewTokens()) {
        int[] given = first.isEmpty() ? new int[0] : correction.given(before);
        int[] kept = Arrays.copyOf(before, correction.kept(before));
        int[] ids = concat(one.problem().promptIds(), kept, given, response);
        examples.add(new SupervisedExample(ids, ids.length - response.length, ids.length));
      }
    }
    if (examples.isEmpty()) {
      throw new IllegalArgumentException(
          "base.steps is above 0, but none of the %d training problems of task %s has a solution that fits task.text.maxNewTokens = %d; raise it, or set base.steps to 0"
              .formatted(task.training().size(), name(), limits.maxNewTokens()));
    }
    return (step, row) ->
        examples.get(Draws.below(Draws.words(key, row, step, 0, 4)[0], examples.size()));
  }

  private static int[] concat(int[]... parts) {
    return Arrays.stream(parts).flatMapToInt(Arrays::stream).toArray();
  }

  @Override
  public void close() {
    tokenizer.close();
    programs.close();
  }
}
