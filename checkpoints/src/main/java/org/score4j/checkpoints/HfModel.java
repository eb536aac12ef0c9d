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
import org.score4j.kernels.Ops;
import org.score4j.kernels.Tensor;

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
   */
  public record Loaded(HfConfig config, Parameters weights) {}

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

  /** Loads a folder. */
  public static Loaded load(Ops ops, Path folder) {
    HfConfig config = HfConfig.read(folder);
    try (SafetensorsFolder files = SafetensorsFolder.open(folder)) {
      requirePlausibleSizes(config, files, folder);
      Parameters weights = new Parameters(ops, "weights", modelConfig(config));
      try {
        fill(ops, weights, files, folder);
        return new Loaded(config, weights);
      } catch (RuntimeException | Error e) {
        weights.close();
        throw e;
      }
    }
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
    if (config.maxPositions() > MAX_POSITIONS) {
      throw new CheckpointException(
          "%s: max_position_embeddings in config.json is %d, at most %d are supported; lower it to the longest sequence you need"
              .formatted(folder, config.maxPositions(), MAX_POSITIONS));
    }
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
    // Entries that share a tensor follow one another, but for biases in between: gather per tensor,
    // upload once.
    Map<Tensor, float[]> staged = new LinkedHashMap<>();
    for (WeightNames.Entry entry : entries) {
      staged.computeIfAbsent(entry.tensor(), t -> new float[Math.toIntExact(t.elements())]);
      StoredTensor stored = files.tensor(entry.name());
      stored.requireShape(entry.shape().stream().mapToLong(Long::longValue).toArray());
      stored
          .firstNonFinite()
          .ifPresent(
              index -> {
                throw new CheckpointException(
                    folder
                        + ": tensor "
                        + entry.name()
                        + " has a value that is no number at index "
                        + index
                        + "; the weights are damaged");
              });
      float[] values = new float[entry.elements()];
      stored.toFloats(0, values, 0, values.length);
      entry.insert(staged.get(entry.tensor()), values);
      if (isLastOf(entry, entries)) {
        ops.upload(entry.tensor(), staged.remove(entry.tensor()));
      }
    }
  }

  private static boolean isTiedHead(String name, Parameters weights) {
    return weights.config().tieWordEmbeddings() && name.equals("lm_head.weight");
  }

  private static boolean isLastOf(WeightNames.Entry entry, List<WeightNames.Entry> entries) {
    for (int i = entries.size() - 1; i >= 0; i--) {
      if (entries.get(i).tensor().equals(entry.tensor())) {
        return entries.get(i).equals(entry);
      }
    }
    throw new IllegalStateException("weight names: " + entry.name() + " is not in its own list");
  }

  /** Saves a folder under its final name only when it is complete. */
  public static void save(
      Ops ops, Parameters weights, HfConfig config, Path folder, Sidecars sidecars) {
    List<NamedData> tensors = new ArrayList<>();
    for (WeightNames.Entry entry : WeightNames.of(weights)) {
      tensors.add(
          new NamedData(
              entry.name(),
              StoredType.F32,
              entry.shape(),
              sink ->
                  sink.putFloats(
                      entry.extract(ops.downloadFloats(entry.tensor())), 0, entry.elements())));
    }
    long bytes = tensors.stream().mapToLong(NamedData::byteSize).sum();
    AtomicFolder.write(
        folder,
        bytes,
        temporary -> {
          config.write(temporary);
          SafetensorsWriter.write(temporary.resolve(SafetensorsFolder.SINGLE_FILE), tensors);
          sidecars.writeTo(temporary);
        });
  }

  /**
   * SHA-256 over names and single-precision values of all tensors in Hugging Face's order: equal
   * hashes mean equal weights.
   */
  public static String sha256(Ops ops, Parameters weights) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
    for (WeightNames.Entry entry : WeightNames.of(weights)) {
      digest.update(entry.name().getBytes(UTF_8));
      float[] values = entry.extract(ops.downloadFloats(entry.tensor()));
      ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asFloatBuffer().put(values);
      digest.update(bytes);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /**
   * L2 norm of every tensor by its Hugging Face name; of gradients, after a tied head has been
   * folded in.
   */
  public static Map<String, Double> norms(Ops ops, Parameters values) {
    Map<String, Double> norms = new LinkedHashMap<>();
    for (WeightNames.Entry entry : WeightNames.of(values)) {
      double sum = 0;
      for (float value : entry.extract(ops.downloadFloats(entry.tensor()))) {
        sum += (double) value * value;
      }
      norms.put(entry.name(), Math.sqrt(sum));
    }
    return norms;
  }
}
