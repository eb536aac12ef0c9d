package org.score4j.training.config;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.score4j.training.settings.ConfigException;
import org.score4j.training.settings.Ranges;
import org.score4j.training.tasks.ModelTextTask;
import org.score4j.training.tasks.TextTaskSettings;
import org.score4j.training.verifiers.code.CodeSettings;
import org.score4j.training.verifiers.math.AnswerForm;

/**
 * A task on text: gsm8k, math, mbpp, mbpp-r, humaneval or jsonl. An empty text stands for the
 * task's own.
 *
 * @param trainFile problems to train on, .jsonl or .jsonl.gz; empty for none
 * @param heldOutFile problems to evaluate on; empty for none
 * @param firstPrompt template of the first prompt, with {problem} and, for programs, {tests}
 * @param correctionPrompt the instruction between the attempts
 * @param answerRules forms of a final answer, separated by commas; the last in a response counts
 * @param answerForm {@code value} or {@code expression}: what a final answer may be where the
 *     reference is a value
 * @param shots worked examples before a problem of mbpp; -1 for the task's own
 * @param prompts {@code template} for the model's chat template where it has one, or {@code plain}
 * @param maxPromptTokens most tokens of a prompt; problems with longer ones are left out
 * @param maxNewTokens most tokens of a response
 * @param columns of the files of jsonl
 * @param code how programs are judged
 */
public record TextTaskConfig(
    String trainFile,
    String heldOutFile,
    String firstPrompt,
    String correctionPrompt,
    String answerRules,
    String answerForm,
    int shots,
    String prompts,
    int maxPromptTokens,
    int maxNewTokens,
    TextTaskSettings.Columns columns,
    CodeSettings code) {
  private static final List<String> PROMPTS = List.of("template", "plain");

  /** Refuses limits with which nothing could be asked. */
  public TextTaskConfig {
    Ranges.atLeast("task.text.shots", shots, -1);
    Ranges.atLeast("task.text.maxPromptTokens", maxPromptTokens, 1);
    Ranges.atLeast("task.text.maxNewTokens", maxNewTokens, 1);
    AnswerForm.byName(answerForm);
    if (!PROMPTS.contains(prompts)) {
      throw new ConfigException(
          "task.text.prompts is '%s'; it must be one of %s".formatted(prompts, PROMPTS));
    }
  }

  /** The task for a model; reads the files. */
  ModelTextTask open(String name, Path model, Consumer<String> log) {
    TextTaskSettings own = TextTaskSettings.of(name, trainFile, heldOutFile);
    return ModelTextTask.open(
        new TextTaskSettings(
            name,
            trainFile,
            heldOutFile,
            firstPrompt,
            correctionPrompt,
            answerRules,
            AnswerForm.byName(answerForm),
            shots < 0 ? own.shots() : shots,
            columns,
            code),
        new ModelTextTask.Limits(maxNewTokens, maxPromptTokens, prompts.equals("plain")),
        model,
        log);
  }
}
