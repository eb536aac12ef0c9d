package org.score4j.training.run;

import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.score4j.checkpoints.AdapterFolder;
import org.score4j.checkpoints.CheckpointException;
import org.score4j.checkpoints.CheckpointFolder;
import org.score4j.checkpoints.HfModel;
import org.score4j.checkpoints.WeightUse;
import org.score4j.core.model.Initializer;
import org.score4j.core.model.Parameters;
import org.score4j.kernels.Ops;
import org.score4j.training.config.PhaseConfig;
import org.score4j.training.config.RunConfig;
import org.score4j.training.rollouts.RandomStream;
import org.score4j.training.settings.ConfigException;

/**
 * The model each phase starts from, and π_ref of those that have one. A model is told from others
 * by where it comes from: {@code initial}, {@code phase NAME} for what a phase ended with, or
 * {@code folder PATH}; a phase of 0 steps ends with the model it starts from.
 *
 * <p>The reference is a copy of all weights that shares no memory with anything that is updated;
 * with adapters, the base with its adapters off, or with a copy of those of a phase. It is kept in
 * the training state for as long as phases share it.
 */
final class PhaseModels implements AutoCloseable {
  private static final String PHASE = "phase ";
  private static final String FOLDER = "folder ";

  private final Ops ops;
  private final RunConfig config;
  private final Parameters policy;
  private final TrainingState state;
  private final Function<PhaseConfig, Path> folderOf;
  private final Consumer<String> notices;
  private String current = PhaseConfig.INITIAL;
  private @Nullable Parameters reference;
  private String referenceModel = "";

  /**
   * Models of a run.
   *
   * @param policy the weights that learn, now those of the run's {@code model} section
   * @param folderOf where the model of a phase that is done lies
   * @param notices takes what was mended
   */
  PhaseModels(
      Ops ops,
      RunConfig config,
      Parameters policy,
      TrainingState state,
      Function<PhaseConfig, Path> folderOf,
      Consumer<String> notices) {
    this.ops = ops;
    this.config = config;
    this.policy = policy;
    this.state = state;
    this.folderOf = folderOf;
    this.notices = notices;
  }

  /** The model a phase starts from. */
  String startOf(PhaseConfig phase) {
    String from = phase.from();
    if (!from.equals(PhaseConfig.PREVIOUS)) {
      return named(from);
    }
    int index = config.phases().indexOf(phase);
    return index == 0 ? PhaseConfig.INITIAL : endOf(config.phases().get(index - 1));
  }

  /** The model a phase ends with. */
  private String endOf(PhaseConfig phase) {
    return phase.steps() == 0 ? startOf(phase) : PHASE + phase.name();
  }

  /** π_ref of a phase; empty where its algorithm has none. */
  String referenceOf(PhaseConfig phase) {
    return phase.reference().equals(PhaseConfig.START)
        ? startOf(phase)
        : phase.reference().isEmpty() ? "" : named(phase.reference());
  }

  private String named(String model) {
    if (model.equals(PhaseConfig.INITIAL)) {
      return model;
    }
    Optional<PhaseConfig> phase =
        config.phases().stream().filter(each -> each.name().equals(model)).findFirst();
    return phase.map(this::endOf).orElse(FOLDER + model);
  }

  /** Makes the policy what {@code phase} starts from; returns whether it was something else. */
  boolean start(PhaseConfig phase) {
    String wanted = startOf(phase);
    if (wanted.equals(current)) {
      return false;
    }
    if (wanted.equals(PhaseConfig.INITIAL)) {
      initialize(policy);
    } else {
      copyInto(policy, folderOf(wanted));
    }
    current = wanted;
    return true;
  }

  /** The policy is now what {@code phase} ended with. */
  void ended(PhaseConfig phase) {
    current = PHASE + phase.name();
  }

  /** Gives weights the values that the run begins with. */
  void initialize(Parameters weights) {
    long key = RandomStream.INITIAL_WEIGHTS.key(config.seed());
    if (weights.lora().isPresent()) {
      Initializer.initializeAdapters(ops, weights, key);
    } else if (config.model().path().isEmpty()) {
      new Initializer(config.model().embeddingStd(), config.model().headStd())
          .initialize(ops, weights, key);
    } else {
      copyInto(weights, Path.of(config.model().path()));
    }
  }

  private Path folderOf(String model) {
    return model.startsWith(FOLDER)
        ? Path.of(model.substring(FOLDER.length()))
        : folderOf.apply(config.phase(model.substring(PHASE.length())));
  }

  private void copyInto(Parameters weights, Path folder) {
    try (Parameters loaded = load(folder, WeightUse.FROZEN)) {
      weights.copyFrom(ops, loaded);
    }
  }

  private Parameters load(Path folder, WeightUse use) {
    Parameters loaded =
        policy.lora().isPresent()
            ? AdapterFolder.loadOnto(ops, policy.base(), folder)
            : HfModel.load(ops, folder, use).weights();
    if (!loaded.lora().equals(policy.lora()) || !loaded.config().equals(policy.config())) {
      loaded.close();
      throw new ConfigException(
          "the model in %s has another shape than the one that is trained; a phase starts from, and is compared with, models of one shape"
              .formatted(folder));
    }
    return loaded;
  }

  /** π_ref of a phase, or null where its algorithm has none; called when the phase begins. */
  @Nullable Parameters reference(PhaseConfig phase) {
    String wanted = referenceOf(phase);
    if (wanted.isEmpty()) {
      return null;
    }
    if (policy.lora().isPresent() && wanted.equals(PhaseConfig.INITIAL)) {
      return policy.base();
    }
    if (reference != null && referenceModel.equals(wanted)) {
      return reference;
    }
    closeReference();
    // What a phase was compared with before an interruption must come back bit for bit.
    reference = state.boundReferenceModel().equals(wanted) ? kept(wanted) : made(wanted, phase);
    referenceModel = wanted;
    return reference;
  }

  private Parameters made(String wanted, PhaseConfig phase) {
    Parameters frozen =
        policy.lora().isPresent()
            ? Parameters.adapted(ops, "reference", policy.base(), policy.lora().get())
            : wanted.startsWith(FOLDER)
                ? load(folderOf(wanted), WeightUse.FROZEN)
                : new Parameters(ops, "reference", policy.config());
    try {
      if (wanted.equals(startOf(phase))) {
        frozen.copyFrom(ops, policy);
      } else if (wanted.equals(PhaseConfig.INITIAL)) {
        initialize(frozen);
      } else if (!wanted.startsWith(FOLDER)) {
        copyInto(frozen, folderOf(wanted));
      }
      state.saveReference(frozen, wanted);
      return frozen;
    } catch (RuntimeException | Error e) {
      frozen.close();
      throw e;
    }
  }

  private Parameters kept(String wanted) {
    try (CheckpointFolder kept = state.openReference()) {
      Parameters frozen =
          policy.lora().isPresent()
              ? Parameters.adapted(ops, "reference", policy.base(), policy.lora().get())
              : Parameters.frozen(ops, "reference", policy.config(), state.referenceType(kept));
      try {
        state.restoreReference(kept, frozen);
        return frozen;
      } catch (RuntimeException | Error e) {
        frozen.close();
        throw e;
      }
    } catch (CheckpointException e) {
      return madeAgain(wanted, e);
    }
  }

  /**
   * The reference from what it was made of. Only the same bytes are taken, which the newest state
   * knows by their hash.
   */
  private Parameters madeAgain(String wanted, CheckpointException damage) {
    Parameters frozen;
    String source;
    if (wanted.equals(PhaseConfig.INITIAL)) {
      source = "what the run began with";
      frozen = new Parameters(ops, "reference", policy.config());
      initialize(frozen);
    } else {
      Path folder = folderOf(wanted);
      source = folder.toString();
      try {
        frozen = load(folder, wanted.startsWith(FOLDER) ? WeightUse.FROZEN : WeightUse.CHANGED);
      } catch (CheckpointException e) {
        throw lost(damage, source);
      }
    }
    try {
      if (!state.replaceReference(frozen)) {
        throw lost(damage, source);
      }
      notices.accept("%s; it was made again from %s".formatted(reason(damage), source));
      return frozen;
    } catch (RuntimeException | Error e) {
      frozen.close();
      throw e;
    }
  }

  private static CheckpointException lost(CheckpointException damage, String source) {
    return new CheckpointException(
        "%s, and the same one cannot be made again from %s; put the folder back from a copy, or start a new run"
            .formatted(reason(damage), source),
        damage);
  }

  /** What is wrong, without the advice for checkpoints in general. */
  private static String reason(CheckpointException damage) {
    String message = String.valueOf(damage.getMessage());
    int advice = message.lastIndexOf("; ");
    return advice < 0 ? message : message.substring(0, advice);
  }

  private void closeReference() {
    if (reference != null) {
      reference.close();
      reference = null;
    }
  }

  @Override
  public void close() {
    closeReference();
  }
}
