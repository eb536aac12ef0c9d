package org.score4j.training.run;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.score4j.checkpoints.AdapterFolder;
import org.score4j.checkpoints.HfModel;
import org.score4j.checkpoints.WeightUse;
import org.score4j.core.model.ModelConfig;
import org.score4j.core.model.Parameters;
import org.score4j.core.model.Recompute;
import org.score4j.kernels.Ops;
import org.score4j.training.config.RunConfig;
import org.score4j.training.evaluation.EvaluationReport;
import org.score4j.training.evaluation.Evaluator;
import org.score4j.training.rollouts.RandomStream;
import org.score4j.training.rollouts.Trajectory;
import org.score4j.training.settings.ConfigException;
import org.score4j.training.tasks.KnownIds;
import org.score4j.training.tasks.Problem;
import org.score4j.training.tasks.Task;

/**
 * A trained model for evaluation and generation; nothing is learnt. Owns everything on the device.
 */
public final class LoadedModel implements AutoCloseable {
  private final Task task;
  private final Parameters weights;
  private final Workbench workbench;
  private final long seed;
  private final int attempts;

  /**
   * Loads it.
   *
   * @param config its task, sampling limits and seed; the model comes from {@code folder}
   * @param folder Hugging Face folder
   * @param log takes what is worth saying about the task
   */
  public LoadedModel(RunConfig config, Path folder, Ops ops, Consumer<String> log) {
    task = config.task().open(AdapterFolder.withTokenizer(folder).toString(), log);
    seed = config.seed();
    attempts = config.evaluation().attempts();
    Parameters loaded = null;
    try {
      HfModel.Loaded model = HfModel.load(ops, folder, WeightUse.FROZEN);
      loaded = model.weights();
      model.notices().forEach(log);
      requireFits(loaded.config(), folder);
      workbench =
          new Workbench(ops, loaded, Recompute.NONE, config.generation(), task, attempts, 0);
    } catch (RuntimeException | Error e) {
      if (loaded != null) {
        loaded.close();
      }
      task.close();
      throw e;
    }
    weights = loaded;
  }

  private void requireFits(ModelConfig shape, Path folder) {
    int needed = task.maxSequenceTokens(attempts);
    int vocabulary = task.tokenizer().minModelVocabSize();
    if (shape.vocabSize() < vocabulary || shape.maxPositions() < needed) {
      throw new ConfigException(
          "model %s has vocab_size %d and max_position_embeddings %d, task %s needs %d and %d; choose a model trained on it, or for a task on text lower task.text.maxPromptTokens (problems with longer prompts are left out) or task.text.maxNewTokens"
              .formatted(
                  folder,
                  shape.vocabSize(),
                  shape.maxPositions(),
                  task.name(),
                  vocabulary,
                  needed));
    }
    KnownIds.require(task, shape);
  }

  /**
   * The config's number of attempts at the first held-out problems.
   *
   * @param problems how many; all where there are fewer
   * @param temperature 0 for greedy decoding
   */
  public EvaluationReport evaluate(int problems, double temperature) {
    List<Problem> heldOut = task.heldOutProblems();
    List<Problem> some = heldOut.subList(0, Math.min(problems, heldOut.size()));
    if (some.isEmpty()) {
      throw new ConfigException(
          "task %s has no held-out problem; set task.text.heldOutFile".formatted(task.name()));
    }
    Evaluator.Evaluation evaluation =
        new Evaluator(task, workbench.rollouts(), attempts)
            .evaluate(weights, some, temperature, RandomStream.EVALUATION.key(seed));
    return EvaluationReport.of(task, evaluation);
  }

  /**
   * As many responses to a prompt as the config's evaluation has attempts, each after the first
   * behind the correction instruction.
   *
   * @param temperature 0 for greedy decoding
   */
  public List<String> generate(String prompt, double temperature) {
    int[] ids = task.tokenizer().encode(prompt);
    int unknown = task.tokenizer().idOf("<unk>").orElse(-1);
    for (int id : ids) {
      if (id == unknown) {
        throw new ConfigException(
            "prompt \"%s\" has characters the task's tokenizer does not know; a prompt looks like %s"
                .formatted(prompt, task.heldOutProblems().getFirst().prompt()));
      }
    }
    KnownIds.require(task, weights.config(), ids, "the prompt");
    int longest = weights.config().maxPositions();
    int length =
        ids.length
            + attempts * task.stopRule().maxNewTokens()
            + (attempts - 1) * task.correctionIds().length;
    if (ids.length == 0 || length > Math.min(longest, task.maxSequenceTokens(attempts))) {
      throw new ConfigException(
          "prompt \"%s\" has %d tokens; give 1 to %d, such as %s"
              .formatted(
                  prompt,
                  ids.length,
                  Math.min(longest, task.maxSequenceTokens(attempts)) - (length - ids.length),
                  task.heldOutProblems().getFirst().prompt()));
    }
    List<Trajectory> conversations =
        workbench
            .rollouts()
            .sample(
                weights,
                List.of(new Problem(0, prompt, ids, "")),
                1,
                attempts,
                temperature,
                RandomStream.PROMPT.key(seed));
    List<String> responses = new ArrayList<>();
    for (int t = 0; t < attempts; t++) {
      responses.add(task.tokenizer().decode(conversations.getFirst().attempt(t)));
    }
    return responses;
  }

  @Override
  public void close() {
    workbench.close();
    weights.close();
    task.close();
  }
}
