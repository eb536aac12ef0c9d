package org.score4j.checkpoints;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.score4j.core.model.LoraConfig;
import org.score4j.core.model.LowRank;
import org.score4j.core.model.Parameters;
import org.score4j.kernels.Ops;

/**
 * Low-rank adapters in PEFT's layout: {@code adapter_config.json}, which names the folder of the
 * base model, and {@code adapter_model.safetensors}.
 */
public final class AdapterFolder {
  static final String WEIGHTS = "adapter_model.safetensors";

  private AdapterFolder() {}

  /**
   * Whether a folder holds adapters. Trainers put a config.json or even the weights of a model
   * beside them; the model is the base that adapter_config.json names, as for transformers.
   */
  public static boolean isIn(Path folder) {
    return Files.exists(folder.resolve(AdapterConfig.FILE));
  }

  /** The folder whose tokenizer belongs to a model: the adapters' base where they have none. */
  public static Path withTokenizer(Path folder) {
    return isIn(folder) && !Files.exists(folder.resolve("tokenizer.json")) ? base(folder) : folder;
  }

  /** Folder of the base model. */
  public static Path base(Path folder) {
    AdapterConfig config = AdapterConfig.read(folder);
    if (!Files.isDirectory(config.base())) {
      throw new CheckpointException(
          folder.resolve(AdapterConfig.FILE)
              + ": the base model "
              + CheckpointException.quote(config.base().toString())
              + " is no folder here; set base_model_name_or_path to the folder it was downloaded"
              + " to"
              + (hasModel(folder)
                  ? ", or delete adapter_config.json to use the weights beside it alone"
                  : ""));
    }
    return config.base();
  }

  /**
   * Base and adapters; closing the weights closes both.
   *
   * @param use of the base; adapters can be changed in any case
   */
  static HfModel.Loaded load(Ops ops, Path folder, WeightUse use) {
    if (hasModel(folder) && !Files.exists(folder.resolve(WEIGHTS))) {
      throw new CheckpointException(
          folder
              + ": has adapter_config.json and the weights of a model, but no "
              + WEIGHTS
              + "; delete adapter_config.json if the adapters are merged into the weights, or add"
              + " the adapters' file");
    }
    Path baseFolder = base(folder);
    boolean onItself = isSame(folder, baseFolder);
    if (!onItself && isIn(baseFolder)) {
      throw new CheckpointException(
          folder + ": its base " + baseFolder + " holds adapters itself; merge those first");
    }
    HfModel.Loaded base = HfModel.loadWhole(ops, baseFolder, use);
    try {
      Parameters weights = adapted(ops, base.weights(), folder, true);
      List<String> notices = new ArrayList<>(base.notices());
      if (!onItself && hasModel(folder)) {
        notices.add(
            "%s holds adapters and the weights of a model: the model is the adapters' base %s, the weights beside them are not read"
                .formatted(folder, baseFolder));
      }
      return new HfModel.Loaded(base.config(), weights, base.source(), notices);
    } catch (RuntimeException | Error e) {
      base.weights().close();
      throw e;
    }
  }

  private static boolean hasModel(Path folder) {
    return Files.exists(folder.resolve(SafetensorsFolder.SINGLE_FILE))
        || Files.exists(folder.resolve(SafetensorsFolder.INDEX_FILE));
  }

  private static boolean isSame(Path one, Path other) {
    try {
      return Files.isSameFile(one, other);
    } catch (IOException e) {
      throw IoFailures.reading(other, e);
    }
  }

  /** The folder's adapters on a base that is loaded already, and that its owner closes. */
  public static Parameters loadOnto(Ops ops, Parameters base, Path folder) {
    return adapted(ops, base, folder, false);
  }

  private static Parameters adapted(Ops ops, Parameters base, Path folder, boolean ownsBase) {
    LoraConfig lora = AdapterConfig.read(folder).lora();
    try (SafetensorsFolder file = SafetensorsFolder.openFile(folder.resolve(WEIGHTS))) {
      Parameters weights =
          ownsBase
              ? Parameters.adaptedOwning(ops, "adapters", base, lora)
              : Parameters.adapted(ops, "adapters", base, lora);
      try {
        fill(ops, weights, file, folder);
        return weights;
      } catch (RuntimeException | Error e) {
        // The base is closed by whoever opened it.
        weights.closeAdapters();
        throw e;
      }
    }
  }

  private static void fill(Ops ops, Parameters weights, SafetensorsFolder file, Path folder) {
    Path path = folder.resolve(WEIGHTS);
    List<WeightNames.Entry> entries = entries(weights);
    Set<String> known = new HashSet<>();
    for (WeightNames.Entry entry : entries) {
      known.add(entry.name());
      if (!file.contains(entry.name())) {
        throw new CheckpointException(
            path + ": tensor " + entry.name() + " is missing, adapter_config.json asks for it");
      }
      file.tensor(entry.name())
          .requireFloats()
          .requireShape(entry.shape().stream().mapToLong(Long::longValue).toArray());
    }
    for (String name : file.names()) {
      if (!known.contains(name)) {
        throw new CheckpointException(
            path
                + ": tensor "
                + CheckpointException.quote(name)
                + " belongs to no adapter of adapter_config.json");
      }
    }
    WeightTransfer.load(ops, file, entries);
  }

  /** Adapters by PEFT's names; they are (in, r) and (r, out) on the device. */
  static List<WeightNames.Entry> entries(Parameters weights) {
    List<WeightNames.Entry> entries = new ArrayList<>();
    for (int l = 0; l < weights.config().numLayers(); l++) {
      String layer = "base_model.model.model.layers." + l + ".";
      weights
          .layer(l)
          .adapters()
          .forEach(
              (target, adapter) -> {
                String block =
                    switch (target) {
                      case Q_PROJ, K_PROJ, V_PROJ, O_PROJ -> "self_attn.";
                      case GATE_PROJ, UP_PROJ, DOWN_PROJ -> "mlp.";
                    };
                add(entries, layer + block + target.moduleName(), adapter);
              });
    }
    return entries;
  }

  private static void add(List<WeightNames.Entry> entries, String module, LowRank adapter) {
    int rank = adapter.b().dim0();
    entries.add(
        new WeightNames.Entry(
            module + ".lora_A.weight", adapter.a(), rank, adapter.a().dim0(), 0, true));
    entries.add(
        new WeightNames.Entry(
            module + ".lora_B.weight", adapter.b(), adapter.b().dim1(), rank, 0, true));
  }

  /**
   * Saves adapters under their final name only when they are complete.
   *
   * @param weights with adapters, or their master weights
   * @param base folder of the base model
   * @param dtype F32, BF16 or F16; null for F32
   * @param sidecars what belongs beside the weights
   */
  public static void save(
      Ops ops,
      Parameters weights,
      Path base,
      @Nullable StoredType dtype,
      Path folder,
      HfModel.Sidecars sidecars) {
    LoraConfig lora = weights.lora().orElseThrow();
    List<NamedData> tensors = new ArrayList<>();
    for (WeightNames.Entry entry : entries(weights)) {
      tensors.add(
          new NamedData(
              entry.name(),
              dtype == null ? StoredType.F32 : dtype,
              entry.shape(),
              sink -> WeightTransfer.read(ops, entry, sink::putFloats)));
    }
    AtomicFolder.write(
        folder,
        tensors.stream().mapToLong(NamedData::byteSize).sum(),
        temporary -> {
          new AdapterConfig(lora, base.toAbsolutePath().normalize()).write(temporary);
          SafetensorsWriter.write(temporary.resolve(WEIGHTS), tensors);
          sidecars.writeTo(temporary);
        });
  }
}
