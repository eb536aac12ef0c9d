package org.score4j.training.tasks;

import org.score4j.training.verifiers.code.CodeSettings;
import org.score4j.training.verifiers.math.AnswerForm;

/**
 * A text task and where its problems are. An empty text stands for the task's own.
 *
 * @param name one of {@link TextTasks#NAMES}
 * @param trainFile problems to train on, {@code .jsonl} or {@code .jsonl.gz}; empty for none
 * @param heldOutFile problems to evaluate on; empty for none
 * @param firstPrompt template of x1, with {@code {problem}} and, for programs, {@code {tests}}
 * @param correctionPrompt the instruction between the attempts
 * @param answerRules forms of a final answer, separated by commas; the last in a response counts
 * @param answerForm what an answer may be where the reference is a value
 * @param shots worked examples before a problem of {@code mbpp}
 * @param columns of the files of {@code jsonl}
 * @param code how programs are judged
 */
public record TextTaskSettings(
    String name,
    String trainFile,
    String heldOutFile,
    String firstPrompt,
    String correctionPrompt,
    String answerRules,
    AnswerForm answerForm,
    int shots,
    Columns columns,
    CodeSettings code) {
  /**
   * What the columns of {@code jsonl} are called and who judges.
   *
   * @param id names a problem; empty where there is none: lines are counted
   * @param problem the text a prompt is made of
   * @param reference what the verifier compares with
   * @param verifier {@code math}, {@code exact}, {@code python} or {@code java}
   * @param first a first attempt, for supervised training with two; empty where there is none
   * @param revision the attempt after the correction instruction; empty where there is none
   */
  public record Columns(
      String id, String problem, String reference, String verifier, String first, String revision) {
    /** id, problem and answer, judged as mathematics. */
    public static final Columns DEFAULTS = new Columns("id", "problem", "answer", "math");

    /** Refuses one attempt of two. */
    public Columns {
      if (first.isEmpty() != revision.isEmpty()) {
        boolean named = revision.isEmpty();
        throw new IllegalArgumentException(
            "columns.%s is '%s', but columns.%s is empty; name both columns or none"
                .formatted(
                    named ? "first" : "revision",
                    named ? first : revision,
                    named ? "revision" : "first"));
      }
    }

    /** Without columns for two attempts. */
    public Columns(String id, String problem, String reference, String verifier) {
      this(id, problem, reference, verifier, "", "");
    }

    /** Whether rows may hold two attempts. */
    public boolean haveTwoAttempts() {
      return !first.isEmpty();
    }
  }

  /** Refuses a name that no task has. */
  public TextTaskSettings {
    if (!TextTasks.NAMES.contains(name)) {
      throw new IllegalArgumentException(
          "task.name is '%s'; the tasks on text are %s"
              .formatted(name, String.join(", ", TextTasks.NAMES)));
    }
    if (shots < 0) {
      throw new IllegalArgumentException("task.shots is %d; use 0 or more".formatted(shots));
    }
  }

  /** Answers must be values. */
  public TextTaskSettings(
      String name,
      String trainFile,
      String heldOutFile,
      String firstPrompt,
      String correctionPrompt,
      String answerRules,
      int shots,
      Columns columns,
      CodeSettings code) {
    this(
        name,
        trainFile,
        heldOutFile,
        firstPrompt,
        correctionPrompt,
        answerRules,
        AnswerForm.VALUE,
        shots,
        columns,
        code);
  }

  /** The task's own prompts and rules. */
  public static TextTaskSettings of(String name, String trainFile, String heldOutFile) {
    return new TextTaskSettings(
        name,
        trainFile,
        heldOutFile,
        "",
        "",
        "",
        name.startsWith("mbpp") ? MbppTask.SHOTS : 0,
        Columns.DEFAULTS,
        CodeSettings.DEFAULTS);
  }

  /** The prompt of the config, else the task's own. */
  String firstPromptOr(String own) {
    return firstPrompt.isEmpty() ? own : firstPrompt;
  }

  /** The instruction of the config, else the task's own. */
  String correctionPromptOr(String own) {
    return correctionPrompt.isEmpty() ? own : correctionPrompt;
  }
}
