package org.score4j.training.run;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.score4j.checkpoints.AdapterFolder;
import org.score4j.checkpoints.CheckpointException;
import org.score4j.checkpoints.FileHash;
import org.score4j.checkpoints.HfModel;
import org.score4j.checkpoints.HfSource;
import org.score4j.checkpoints.ModelFiles;
import org.score4j.checkpoints.SaveOptions;
import org.score4j.checkpoints.WeightUse;
import org.score4j.core.model.LoraConfig;
import org.score4j.core.model.ModelConfig;
import org.score4j.core.model.Parameters;
import org.score4j.core.optim.AdamW;
import org.score4j.kernels.Ops;
import org.score4j.tokenizer.HuggingFaceTokenizer;
import org.score4j.training.algorithms.Algorithm;
import org.score4j.training.algorithms.GradientShards;
import org.score4j.training.algorithms.Learner;
import org.score4j.training.algorithms.PhaseContext;
import org.score4j.training.config.PhaseConfig;
import org.score4j.training.config.RunConfig;
import org.score4j.training.evaluation.AttemptMetrics;
import org.score4j.training.evaluation.Evaluator;
import org.score4j.training.rollouts.RandomStream;
import org.score4j.training.run.TrainingState.Progress;
import org.score4j.training.settings.ConfigException;
import org.score4j.training.tasks.KnownIds;
import org.score4j.training.tasks.Problem;
import org.score4j.training.tasks.Task;

/**
 * One run from its config: its phases in order, whichever have steps. After every phase the model
 * is saved and evaluated. A run killed at any moment and resumed ends in the same bits. Owns
 * everything on the device.
 */
public final class TrainingRun implements AutoCloseable {
  private final Owned owned = new Owned();
  private final RunConfig config;
  private final Path runFolder;
  private final Ops ops;
  private final RunListener listener;
  private final BooleanSupplier stopRequested;
  private final RunInputs inputs;
  private final Task task;
  private final HfSource source;
  private final ModelConfig modelConfig;
  private final Parameters weights;
  private final @Nullable Parameters master;
  private final Parameters gradients;
  private final GradientShards shards;
  private final Workbench workbench;
  private final Evaluator evaluator;
  private final TrainingState state;
  private final PhaseModels phaseModels;
  private final Map<String, Path> models = new LinkedHashMap<>();
  private final Map<String, AttemptMetrics> greedy = new LinkedHashMap<>();
  private final Map<String, AttemptMetrics> sampled = new LinkedHashMap<>();
  private final long started = System.nanoTime();
  private double earlierSeconds;
  private long earlierSampled;
  private long trainingSampled;
  private long mismatches;
  private long globalStep;

  /**
   * Builds or loads the model.
   *
   * @param runFolder already locked for this process
   * @param configHash of the resolved config
   * @param stopRequested asked after every step; true saves the state and ends the run
   */
  public TrainingRun(
      RunConfig config,
      Path runFolder,
      String configHash,
      Ops ops,
      RunListener listener,
      BooleanSupplier stopRequested) {
    this.config = config;
    this.runFolder = runFolder;
    this.ops = ops;
    this.listener = listener;
    this.stopRequested = stopRequested;
    try {
      config.requireModels();
      inputs = owned.add(RunInputs.read(config, runFolder));
      task = owned.add(config.task().open(config.model().path(), listener::notice));
      if (task.trainingProblems().isEmpty() || task.heldOutProblems().isEmpty()) {
        throw new ConfigException(
            "task %s has %d problems to train on and %d held-out ones; set task.text.trainFile and task.text.heldOutFile"
                .formatted(
                    task.name(), task.trainingProblems().size(), task.heldOutProblems().size()));
      }
      if (config.model().path().isEmpty()) {
        modelConfig = config.model().newModel(task.tokenizer().vocabSize());
        source = HfSource.made(HfModel.llamaConfig(modelConfig));
        weights = owned.add(new Parameters(ops, "weights", modelConfig));
      } else {
        WeightUse use = config.lora().rank() > 0 ? WeightUse.FROZEN : WeightUse.CHANGED;
        HfModel.Loaded loaded = HfModel.load(ops, Path.of(config.model().path()), use);
        loaded.notices().forEach(listener::notice);
        source = loaded.source();
        weights = adapted(owned.add(loaded.weights()));
        modelConfig = weights.config();
      }
      if (modelConfig.vocabSize() < task.tokenizer().minModelVocabSize()
          || modelConfig.maxPositions() < task.maxSequenceTokens(config.attempts())) {
        throw new ConfigException(
            "model has vocab_size %d and max_position_embeddings %d, task %s needs %d and %d; choose a model that fits"
                .formatted(
                    modelConfig.vocabSize(),
                    modelConfig.maxPositions(),
                    task.name(),
                    task.tokenizer().minModelVocabSize(),
                    task.maxSequenceTokens(config.attempts())));
      }
      state =
          new TrainingState(
              ops, runFolder.resolve("checkpoints"), config.checkpoints().keep(), configHash);
      phaseModels =
          owned.add(
              new PhaseModels(
                  ops,
                  config,
                  weights,
                  state,
                  phase -> modelFolder(phase.name()),
                  listener::notice));
      if (config.model().path().isEmpty() || weights.lora().isPresent()) {
        phaseModels.initialize(weights);
      }
      KnownIds.require(task, modelConfig);
      master = Parameters.masterOf(ops, weights).map(owned::add).orElse(null);
      gradients = owned.add(Parameters.forGradientsOf(ops, weights));
      shards =
          owned.add(
              new GradientShards(
                  ops,
                  gradients,
                  config.gradientShards(),
                  () -> Parameters.forGradientsOf(ops, weights)));
      workbench =
          owned.add(
              new Workbench(
                  ops,
                  weights,
                  config.model().recomputeLevel(),
                  config.generation(),
                  task,
                  config.attempts(),
                  Workbench.trainingTokens(config, task)));
      evaluator = new Evaluator(task, workbench.rollouts(), config.evaluation().attempts());
    } catch (RuntimeException | Error e) {
      owned.abandon(e);
      throw e;
    }
  }

  /** The model to train: itself, or fresh adapters on it. */
  private Parameters adapted(Parameters model) {
    if (model.lora().isPresent()) {
      throw new ConfigException(
          "model.path %s holds adapters; make a model of them and their base first: score4j merge --model %s --out DIR"
              .formatted(config.model().path(), config.model().path()));
    }
    Optional<LoraConfig> lora = config.lora().adapters();
    if (lora.isEmpty()) {
      return model;
    }
    return owned.add(Parameters.adapted(ops, "adapters", model, lora.get()));
  }

  /** Where a resumed run goes on. */
  public Optional<String> resumePoint() {
    return state.newest().map(p -> "%s step %d".formatted(p.phase(), p.step()));
  }

  /** Trains all phases that are not done. */
  public RunResult run(boolean resume) {
    Optional<Progress> saved = resume ? state.newest() : Optional.empty();
    state.bindInputs(resume ? inputs.check(state.boundInputs(), listener::notice) : inputs.bind());
    saved.ifPresent(
        p -> {
          earlierSeconds = p.seconds();
          earlierSampled = p.sampledTokens();
          mismatches = p.mismatches();
          globalStep = p.globalStep();
        });
    boolean reached = saved.isEmpty();
    boolean stopped = false;
    for (PhaseConfig phase : config.phasesWithSteps()) {
      boolean here = !reached && saved.isPresent() && saved.get().phase().equals(phase.name());
      if (!reached && !here) {
        finishEarlier(phase);
        continue;
      }
      reached = true;
      stopped = train(phase, here ? saved.get() : null);
      if (stopped) {
        break;
      }
    }
    return new RunResult(
        models,
        greedy,
        sampled,
        HfModel.sha256(ops, weights),
        earlierSampled + trainingSampled,
        mismatches,
        seconds(),
        stopped);
  }

  private double seconds() {
    return earlierSeconds + (System.nanoTime() - started) / 1e9;
  }

  /**
   * A phase that was done before the run was interrupted: its model is on disk, its evaluation is
   * made again.
   */
  private void finishEarlier(PhaseConfig phase) {
    Path folder = modelFolder(phase.name());
    if (!Files.isDirectory(folder)) {
      throw new CheckpointException(
          folder + " is missing though the checkpoint is of a later phase; start the run again");
    }
    requireBound(phase, folder);
    models.put(phase.name(), folder);
    try (Parameters earlier =
        weights.lora().isPresent()
            ? AdapterFolder.loadOnto(ops, weights.base(), folder)
            : HfModel.load(ops, folder, WeightUse.FROZEN).weights()) {
      evaluate(phase, phase.steps(), earlier);
    }
  }

  /** Refuses a model that is not the one that the run has saved. */
  private void requireBound(PhaseConfig phase, Path folder) {
    List<FileHash> bound = state.boundModel(phase.name());
    if (bound.isEmpty()) {
      return;
    }
    List<FileHash> now = hashes(folder);
    for (FileHash was : bound) {
      FileHash is =
          now.stream().filter(one -> one.name().equals(was.name())).findFirst().orElse(null);
      if (!was.equals(is)) {
        throw new CheckpointException(
            "%s %s, the run saved it with %d bytes and SHA-256 %s; put it back from a copy, or start a new run"
                .formatted(
                    folder.resolve(was.name()),
                    is == null
                        ? "is missing"
                        : "has %d bytes and SHA-256 %s".formatted(is.bytes(), is.sha256()),
                    was.bytes(),
                    was.sha256()));
      }
    }
    for (FileHash is : now) {
      if (bound.stream().noneMatch(one -> one.name().equals(is.name()))) {
        throw new CheckpointException(
            "%s is not a file that the run has saved, and would be read; remove it"
                .formatted(folder.resolve(is.name())));
      }
    }
    state.bindModel(phase.name(), bound);
  }

  private static List<FileHash> hashes(Path folder) {
    return ModelFiles.of(folder, HuggingFaceTokenizer.FILES).stream()
        .filter(file -> folder.equals(file.getParent()))
        .map(file -> FileHash.of(file.getFileName().toString(), file))
        .toList();
  }

  /** Trains one phase; returns whether it was interrupted. */
  private boolean train(PhaseConfig phase, @Nullable Progress saved) {
    boolean begun = saved != null && saved.step() > 0;
    if (!begun && phaseModels.start(phase) && master != null) {
      master.copyFrom(ops, weights);
    }
    try (AdamW optimizer =
        new AdamW(ops, weights, master, phase.settings().optimizer().settings())) {
      int first = 0;
      if (saved != null) {
        state.restore(saved.globalStep(), learned(), optimizer);
        if (master != null) {
          weights.copyFrom(ops, master);
        }
        first = saved.step();
      }
      Parameters reference = phaseModels.reference(phase);
      Algorithm algorithm = algorithm(phase, optimizer, reference);
      if (first == 0) {
        algorithm.prepare(listener::notice);
      }
      MemoryTable.lines(ops).forEach(listener::notice);
      listener.phaseStarted(phase.name(), first + 1, phase.steps());
      listener.phaseModels(
          phase.name(),
          phase.algorithm(),
          phaseModels.startOf(phase),
          phaseModels.referenceOf(phase));
      for (int step = first; step < phase.steps(); step++) {
        if (stopRequested.getAsBoolean()) {
          save(phase, step, optimizer);
          return true;
        }
        oneStep(phase, algorithm, step);
        int every = config.checkpoints().everySteps();
        if (every > 0 && (step + 1) % every == 0 && step + 1 < phase.steps()) {
          save(phase, step + 1, optimizer);
        }
      }
      Path folder = modelFolder(phase.name());
      saveModel(folder);
      models.put(phase.name(), folder);
      state.bindModel(phase.name(), hashes(folder));
      phaseModels.ended(phase);
      save(phase, phase.steps(), optimizer);
      evaluate(phase, phase.steps(), weights);
      return false;
    }
  }

  private void saveModel(Path folder) {
    SaveOptions options = config.checkpoints().saveOptions();
    if (weights.lora().isPresent()) {
      Path base = Path.of(config.model().path());
      AdapterFolder.save(ops, learned(), base, options.dtype(), folder, task.tokenizer()::writeTo);
    } else {
      HfModel.save(ops, learned(), source, options, folder, task.tokenizer()::writeTo);
    }
  }

  private void oneStep(PhaseConfig phase, Algorithm algorithm, int step) {
    long before = System.nanoTime();
    long drawnBefore = workbench.rollouts().sampledTokens();
    Algorithm.StepResult result = algorithm.step(step);
    globalStep++;
    long drawn = workbench.rollouts().sampledTokens() - drawnBefore;
    trainingSampled += drawn;
    mismatches += result.metrics().getOrDefault("logprob_mismatches", 0.0).longValue();
    double elapsed = (System.nanoTime() - before) / 1e9;
    Map<String, Double> metrics = new LinkedHashMap<>(result.metrics());
    long tokens = result.tokens() + drawn;
    metrics.put("tokens_per_second", tokens / elapsed);
    listener.stepDone(
        new StepReport(phase.name(), step + 1, phase.steps(), elapsed, tokens, metrics));
    if (!result.transcripts().isEmpty()) {
      listener.samples(phase.name(), step + 1, result.transcripts());
    }
    int every = config.evaluation().everySteps();
    if (every > 0 && (step + 1) % every == 0 && step + 1 < phase.steps()) {
      List<Problem> all = task.heldOutProblems();
      List<Problem> some = all.subList(0, Math.min(config.evaluation().problems(), all.size()));
      listener.evaluated(
          phase.name(), step + 1, "greedy", evaluator.evaluate(weights, some, 0, 0).metrics());
    }
  }

  private Algorithm algorithm(PhaseConfig phase, AdamW optimizer, @Nullable Parameters reference) {
    return phase
        .provider()
        .open(
            phase.settings(),
            new PhaseContext(
                phase.name(),
                config.phases().indexOf(phase),
                config.seed(),
                task,
                workbench.rollouts(),
                temperature ->
                    new Learner(
                        ops,
                        weights,
                        gradients,
                        shards,
                        optimizer,
                        reference,
                        workbench.headPass(temperature)),
                config.generation().maxLogProbDifference(),
                runFolder.resolve("data")));
  }

  private void evaluate(PhaseConfig phase, int step, Parameters of) {
    AttemptMetrics metrics = evaluator.evaluate(of, task.heldOutProblems(), 0, 0).metrics();
    greedy.put(phase.name(), metrics);
    listener.evaluated(phase.name(), step, "greedy", metrics);
    double temperature = config.evaluation().sampledTemperature();
    if (temperature > 0) {
      long key = RandomStream.EVALUATION.key(config.seed(), config.phases().indexOf(phase), step);
      AttemptMetrics drawn =
          evaluator.evaluate(of, task.heldOutProblems(), temperature, key).metrics();
      sampled.put(phase.name(), drawn);
      listener.evaluated(phase.name(), step, "sampled", drawn);
    }
  }

  private void save(PhaseConfig phase, int step, AdamW optimizer) {
    listener.saving();
    state.save(
        new Progress(
            phase.name(),
            step,
            globalStep,
            earlierSampled + trainingSampled,
            mismatches,
            seconds()),
        learned(),
        optimizer);
  }

  /** The weights that learn, in the state type: what is saved. */
  private Parameters learned() {
    return master == null ? weights : master;
  }

  private Path modelFolder(String phase) {
    Path models = runFolder.resolve("models");
    RunFiles.createDirectories(models);
    return models.resolve(phase);
  }

  @Override
  public void close() {
    owned.close();
  }
}
