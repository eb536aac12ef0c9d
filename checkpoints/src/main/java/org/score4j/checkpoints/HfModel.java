package org.score4j.checkpoints;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.score4j.core.model.ModelConfig;
import org.score4j.core.model.Parameters;
import org.score4j.kernels.BFloat16;
import org.score4j.kernels.DType;
import org.score4j.kernels.Ops;

/**
 * Models in Hugging Face layout, in and out. Projections are (out, in) in the file and (in, out) on
 * the device.
 */
public final class HfModel {
  /**
   * A loaded model; the caller closes the weights.
   *
   * @param config as in the folder
   * @param weights on the device
   * @param source what a saved copy keeps
   * @param notices what whoever loads it should know, a line each
   */
  public record Loaded(HfConfig config, Parameters weights, HfSource source, List<String> notices) {
    /** Copies the list. */
    public Loaded {
      notices = List.copyOf(notices);
    }
  }

  /** Writes what belongs beside the weights, such as the tokenizer's files. */
  @FunctionalInterface
  public interface Sidecars {
    /** Writes into the folder being made. */
    void writeTo(Path folder) throws IOException;
  }

  /** How many times the stored values a config may ask for before it is not read any further. */
  private static final int MAX_EXCESS = 4;

  /** Rotary tables are made for all positions; so many take 2 GB at 128 numbers a head. */
  private static final int MAX_POSITIONS = 1 << 22;

  /** Kernels count the values of a tensor, padding included, in an int. */
  private static final long MAX_TENSOR_VALUES = Integer.MAX_VALUE - 1024;

  private HfModel() {}

  /** The transformer's config of a folder's. */
  public static ModelConfig modelConfig(HfConfig c) {
    HfConfig.Llama3RopeScaling s = c.ropeScaling();
    ModelConfig.RopeScaling scaling =
        s == null
            ? null
            : new ModelConfig.RopeScaling(
                s.factor(), s.lowFreqFactor(), s.highFreqFactor(), s.originalMaxPositions());
    boolean gemma = HfFamily.of(c).isGemma();
    HfConfig.Options o = c.options();
    HfConfig.LocalAttention local = o.local();
    double queryScalar = o.queryPreAttnScalar() == 0 ? c.headDim() : o.queryPreAttnScalar();
    return new ModelConfig(
        c.vocabSize(),
        c.hiddenSize(),
        c.numLayers(),
        c.numHeads(),
        c.numKvHeads(),
        c.headDim(),
        c.intermediateSize(),
        c.maxPositions(),
        c.rmsNormEps(),
        c.ropeTheta(),
        scaling,
        c.tieWordEmbeddings(),
        c.qkvBias(),
        c.qkNorm(),
        gemma,
        gemma,
        gemma,
        gemma ? embedScale(c) : 1,
        1 / Math.sqrt(queryScalar),
        o.attentionSoftCap(),
        o.finalSoftCap(),
        o.ropeLinearFactor(),
        local == null
            ? null
            : new ModelConfig.LocalAttention(local.window(), local.layers(), local.ropeTheta()));
  }

  /** √hiddenSize as Hugging Face multiplies with it: in the type of the weights. */
  private static double embedScale(HfConfig c) {
    float scale = (float) Math.sqrt(c.hiddenSize());
    return switch (c.torchDtype()) {
      case BF16 -> BFloat16.toFloat(BFloat16.round(scale));
      case F16 -> Float.float16ToFloat(Float.floatToFloat16(scale));
      default -> scale;
    };
  }

  /** The folder's config of a Llama-style model made here, without special tokens. */
  public static HfConfig llamaConfig(ModelConfig m) {
    ModelConfig llama =
        new ModelConfig(
            m.vocabSize(),
            m.hiddenSize(),
            m.numLayers(),
            m.numHeads(),
            m.numKvHeads(),
            m.headDim(),
            m.intermediateSize(),
            m.maxPositions(),
            m.rmsNormEps(),
            m.ropeTheta(),
            null,
            m.tieWordEmbeddings(),
            false,
            false);
    if (!m.equals(llama)) {
      throw new CheckpointException(
          "a model with QKV bias, QK norm, RoPE scaling or what Gemma has is not a plain Llama;"
              + " keep the config it came with");
    }
    return new HfConfig(
        "llama",
        List.of("LlamaForCausalLM"),
        m.vocabSize(),
        m.hiddenSize(),
        m.intermediateSize(),
        m.numLayers(),
        m.numHeads(),
        m.numKvHeads(),
        m.headDim(),
        m.maxPositions(),
        m.rmsNormEps(),
        m.ropeTheta(),
        null,
        m.tieWordEmbeddings(),
        false,
        false,
        "silu",
        null,
        List.of(),
        StoredType.F32,
        HfConfig.Options.NONE);
  }

  /** Loads a folder to change its weights; one of adapters with the base it names. */
  public static Loaded load(Ops ops, Path folder) {
    return load(ops, folder, WeightUse.CHANGED);
  }

  /** Loads a folder; one of adapters with the base it names. */
  public static Loaded load(Ops ops, Path folder, WeightUse use) {
    return AdapterFolder.isIn(folder)
        ? AdapterFolder.load(ops, folder, use)
        : loadWhole(ops, folder, use);
  }

  /** Loads a folder's own weights, whatever adapters lie beside them. */
  static Loaded loadWhole(Ops ops, Path folder, WeightUse use) {
    HfConfig read = HfConfig.read(folder);
    try (SafetensorsFolder files = SafetensorsFolder.open(folder)) {
      boolean ownHead = read.tieWordEmbeddings() && TiedHead.isItsOwn(files);
      HfConfig config = ownHead ? read.untied() : read;
      List<String> notices =
          ownHead
              ? List.of(
                  "%s: config.json says tie_word_embeddings, but %s differs from %s: the model is computed and saved with a head of its own"
                      .formatted(folder, TiedHead.HEAD, TiedHead.EMBEDDING))
              : List.of();
      requirePlausibleSizes(config, files, folder);
      Parameters weights =
          isNarrow(ops, use, files)
              ? Parameters.frozen(ops, "frozen weights", modelConfig(config), DType.BF16)
              : new Parameters(ops, "weights", modelConfig(config));
      try {
        fill(ops, weights, files, folder);
        return new Loaded(config, weights, HfSource.of(config, folder, files), notices);
      } catch (RuntimeException | Error e) {
        weights.close();
        throw e;
      }
    }
  }

  /** Whether matrices stay BF16, where the backend computes in a wider type. */
  private static boolean isNarrow(Ops ops, WeightUse use, SafetensorsFolder files) {
    return use == WeightUse.FROZEN
        && ops.floatType() != DType.BF16
        && ops.backend().weightTypes().contains(DType.BF16)
        && files.names().stream()
            .map(files::tensor)
            .allMatch(tensor -> tensor.shape().size() < 2 || tensor.dtype() == StoredType.BF16);
  }

  /**
   * Nothing is allocated by sizes that the files cannot fill. Smaller mistakes are found tensor by
   * tensor, with their names.
   */
  private static void requirePlausibleSizes(HfConfig config, SafetensorsFolder files, Path folder) {
    double stored = 0;
    for (String name : files.names()) {
      stored += files.tensor(name).elements();
    }
    // As ModelConfig#numParameters, but in double: the products of such sizes overflow.
    double width = config.hiddenSize();
    double heads = (2.0 * config.numHeads() + 2.0 * config.numKvHeads()) * config.headDim();
    double asked =
        config.vocabSize() * width
            + config.numLayers() * width * (heads + 3.0 * config.intermediateSize());
    if (asked > MAX_EXCESS * stored) {
      throw new CheckpointException(
          "%s: config.json asks for %.0f values or more, its tensors have %.0f; vocab_size, hidden_size, num_hidden_layers, head_dim or intermediate_size is not theirs, download config.json again"
              .formatted(folder, asked, stored));
    }
    requireCountable(config, folder);
    if (config.maxPositions() > MAX_POSITIONS) {
      throw new CheckpointException(
          "%s: max_position_embeddings in config.json is %d, at most %d are supported; lower it to the longest sequence you need"
              .formatted(folder, config.maxPositions(), MAX_POSITIONS));
    }
  }

  private static void requireCountable(HfConfig c, Path folder) {
    long qkv = (c.numHeads() + 2L * c.numKvHeads()) * c.headDim();
    Map<String, Long> widths =
        Map.of(
            "model.embed_tokens",
            (long) c.vocabSize(),
            "the query, key and value projections",
            qkv,
            "the gate and up projections",
            2L * c.intermediateSize());
    widths.forEach(
        (what, width) -> {
          if (width * c.hiddenSize() > MAX_TENSOR_VALUES) {
            throw new CheckpointException(
                "%s: %s has %d values, at most %d are supported in one tensor; choose a smaller model"
                    .formatted(folder, what, width * c.hiddenSize(), MAX_TENSOR_VALUES));
          }
        });
  }

  private static void fill(Ops ops, Parameters weights, SafetensorsFolder files, Path folder) {
    List<WeightNames.Entry> entries = WeightNames.of(weights);
    Set<String> known = new HashSet<>();
    for (WeightNames.Entry entry : entries) {
      known.add(entry.name());
      if (!files.contains(entry.name())) {
        throw new CheckpointException(
            folder
                + ": tensor "
                + entry.name()
                + " is missing, config.json asks for it; download the folder again");
      }
    }
    for (String name : files.names()) {
      if (!known.contains(name) && !WeightNames.isRecomputed(name) && !isTiedHead(name, weights)) {
        throw new CheckpointException(
            folder
                + ": tensor "
                + name
                + " belongs to no part of the model of config.json; its architecture would be"
                + " computed wrongly");
      }
    }
    for (WeightNames.Entry entry : entries) {
      files
          .tensor(entry.name())
          .requireFloats()
          .requireShape(entry.shape().stream().mapToLong(Long::longValue).toArray());
    }
    WeightTransfer.load(ops, files, entries);
  }

  private static boolean isTiedHead(String name, Parameters weights) {
    return weights.config().tieWordEmbeddings() && name.equals(TiedHead.HEAD);
  }

  /**
   * Saves a model made here, as F32, under its final name only when it is complete.
   *
   * @param sidecars what belongs beside the weights
   */
  public static void save(
      Ops ops, Parameters weights, HfConfig config, Path folder, Sidecars sidecars) {
    save(ops, weights, HfSource.made(config), SaveOptions.DEFAULT, folder, sidecars);
  }

  /**
   * Saves a folder under its final name only when it is complete: the source's tensor names, order
   * and types, its config.json but for a changed dtype, its small files. Values are rounded to
   * nearest, ties to even; those that were read and not changed come back as the same bytes.
   *
   * @param source the folder the model came from
   * @param sidecars written last, over files of the same names
   */
  public static void save(
      Ops ops,
      Parameters weights,
      HfSource source,
      SaveOptions options,
      Path folder,
      Sidecars sidecars) {
    HfSaver.save(ops, weights, source, options, folder, sidecars);
  }

  /**
   * SHA-256 over names and single-precision values of all tensors in Hugging Face's order, adapters
   * last: equal hashes mean equal weights.
   */
  public static String sha256(Ops ops, Parameters weights) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
    List<WeightNames.Entry> entries = new ArrayList<>(WeightNames.of(weights));
    entries.addAll(AdapterFolder.entries(weights));
    for (WeightNames.Entry entry : entries) {
      digest.update(entry.name().getBytes(UTF_8));
      read(
          ops,
          entry,
          (values, from, count) -> {
            ByteBuffer bytes =
                ByteBuffer.allocate(Float.BYTES * count).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asFloatBuffer().put(values, from, count);
            digest.update(bytes);
          });
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /**
   * L2 norm of every tensor by its Hugging Face name; of gradients, after a tied head has been
   * folded in. Of adapters alone where the rest is frozen.
   */
  public static Map<String, Double> norms(Ops ops, Parameters set) {
    Map<String, Double> norms = new LinkedHashMap<>();
    List<WeightNames.Entry> entries =
        set.lora().isPresent() ? AdapterFolder.entries(set) : WeightNames.of(set);
    for (WeightNames.Entry entry : entries) {
      double[] sum = new double[1];
      read(
          ops,
          entry,
          (values, from, count) -> {
            for (int i = from; i < from + count; i++) {
              sum[0] += (double) values[i] * values[i];
            }
          });
      norms.put(entry.name(), Math.sqrt(sum[0]));
    }
    return norms;
  }

  private static void read(Ops ops, WeightNames.Entry entry, WeightTransfer.Sink sink) {
    try {
      WeightTransfer.read(ops, entry, sink);
    } catch (IOException e) {
      throw new IllegalStateException("nothing was written", e);
    }
  }
}
