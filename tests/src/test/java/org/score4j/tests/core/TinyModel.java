package org.score4j.tests.core;

import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.score4j.core.model.HeadPass;
import org.score4j.core.model.LoraConfig;
import org.score4j.core.model.LoraTarget;
import org.score4j.core.model.ModelConfig;
import org.score4j.core.model.PackedBatch;
import org.score4j.core.model.Parameters;
import org.score4j.core.model.Recompute;
import org.score4j.core.model.Transformer;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;
import org.score4j.kernels.DType;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Precision;
import org.score4j.kernels.Tensor;
import org.score4j.tests.cuda.CudaTestDevice;
import org.score4j.tests.tornado.TornadoTestDevice;

/** A small model on a named device, with room for passes of up to {@link #MAX_TOKENS} tokens. */
final class TinyModel implements AutoCloseable {
  static final int VOCAB = 37;
  static final int MAX_TOKENS = 1024;
  private static final int MAX_PREDICTIONS = 2048;

  /**
   * One config per flag, then the families with several: all layers windowed as Mistral's, every
   * other one and capped as Gemma 2's, with QK norm and two rotary bases as Gemma 3's; all with
   * grouped-query heads whose total width is not the model's.
   */
  enum Family {
    UNTIED,
    TIED,
    TIED_WITH_BIAS,
    QK_NORM,
    SCALED_ROPE,
    WINDOWED,
    GEMMA2,
    GEMMA3;

    ModelConfig config(int layers) {
      return switch (this) {
        case UNTIED, TIED, TIED_WITH_BIAS, QK_NORM, SCALED_ROPE -> plain(layers);
        case WINDOWED ->
            new ModelConfig(
                VOCAB,
                24,
                layers,
                4,
                2,
                8,
                40,
                160,
                1e-5,
                10_000,
                null,
                false,
                false,
                false,
                false,
                false,
                false,
                1,
                0.35,
                0,
                0,
                1,
                local(layers, 1, 5, 10_000));
        case GEMMA2 ->
            new ModelConfig(
                VOCAB,
                24,
                layers,
                4,
                2,
                8,
                40,
                160,
                1e-5,
                10_000,
                null,
                true,
                false,
                false,
                true,
                true,
                true,
                Math.sqrt(24),
                0.4,
                1.5,
                4,
                1,
                local(layers, 2, 4, 10_000));
        case GEMMA3 ->
            new ModelConfig(
                VOCAB,
                24,
                layers,
                4,
                2,
                8,
                40,
                160,
                1e-5,
                100_000,
                null,
                true,
                false,
                true,
                true,
                true,
                true,
                Math.sqrt(24),
                0.4,
                0,
                0,
                8,
                local(layers, 2, 17, 100));
      };
    }

    /** Layers 0, {@code every}, … local. */
    private static ModelConfig.LocalAttention local(
        int layers, int every, int window, double theta) {
      List<Boolean> local = IntStream.range(0, layers).mapToObj(l -> l % every == 0).toList();
      return new ModelConfig.LocalAttention(window, local, theta);
    }

    private ModelConfig plain(int layers) {
      return new ModelConfig(
          VOCAB,
          24,
          layers,
          4,
          2,
          8,
          40,
          160,
          1e-5,
          10_000,
          this == SCALED_ROPE ? new ModelConfig.RopeScaling(8, 1, 4, 16) : null,
          this == TIED || this == TIED_WITH_BIAS,
          this == TIED_WITH_BIAS,
          this == QK_NORM);
    }
  }

  final Ops ops;
  final Transformer transformer;
  final DeviceArena arena;

  /**
   * A model of two blocks.
   *
   * @param device {@code reference}, {@code cpu-N} with N threads, {@code cuda-PRECISION}, or
   *     {@code tornado}
   */
  TinyModel(String device, Family family) {
    this(device, family.config(2));
  }

  TinyModel(String device, ModelConfig config) {
    this(device, config, Recompute.NONE);
  }

  TinyModel(String device, ModelConfig config, Recompute recompute) {
    ops = new Ops(open(device));
    transformer = new Transformer(ops, config, recompute);
    arena =
        ops.newArena(
            "activations",
            HeadPass.activationBytes(config, MAX_TOKENS, MAX_PREDICTIONS, recompute, ops));
  }

  private static Backend open(String device) {
    if (device.equals("tornado")) {
      return TornadoTestDevice.shared();
    }
    String[] parts = device.split("-", 2);
    if (parts.length == 1) {
      return Backends.open(device, 1);
    }
    return parts[0].equals("cuda")
        ? CudaTestDevice.open(Precision.byName(parts[1]))
        : Backends.open(parts[0], Integer.parseInt(parts[1]));
  }

  ModelConfig config() {
    return transformer.config();
  }

  HeadPass headPass() {
    return new HeadPass(transformer, arena, 1);
  }

  Parameters gradients() {
    return Parameters.forGradients(ops, config());
  }

  /** Weights without any regularity: norm weights are not 1, biases not 0. */
  Parameters weights(long seed) {
    return filled(new Parameters(ops, "weights", config()), seed);
  }

  /** Weights with adapters of rank 3 on every projection, none of them zero. */
  Parameters adapted(long seed) {
    return adapted(weights(seed), seed);
  }

  /** As above on a base that is closed with its adapters. */
  Parameters adapted(Parameters base, long seed) {
    LoraConfig lora = new LoraConfig(3, 4.5, EnumSet.allOf(LoraTarget.class));
    Parameters adapted = filled(Parameters.adaptedOwning(ops, "adapters", base, lora), seed + 1000);
    transformer.reserveFor(adapted, MAX_TOKENS);
    return adapted;
  }

  /**
   * As {@link #weights}, rounded to BF16 where they are matrices.
   *
   * @param narrow whether they are held as BF16 too
   */
  Parameters rounded(long seed, boolean narrow) {
    Parameters wide = weights(seed);
    Parameters rounded = Parameters.frozen(ops, "frozen weights", config(), DType.BF16);
    rounded.copyFrom(ops, wide);
    wide.copyFrom(ops, rounded);
    (narrow ? wide : rounded).close();
    return narrow ? rounded : wide;
  }

  /** As {@link #weights} in the state type. */
  Parameters state(long seed) {
    return filled(Parameters.forState(ops, "state", config()), seed);
  }

  /** Weights that are another device's, number for number. */
  Parameters copy(TinyModel other, Parameters of) {
    Parameters weights = new Parameters(ops, "weights", config());
    for (Map.Entry<String, Tensor> entry : of.named().entrySet()) {
      ops.upload(tensor(weights, entry.getKey()), other.ops.downloadDoubles(entry.getValue()));
    }
    return weights;
  }

  private Parameters filled(Parameters weights, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (Map.Entry<String, Tensor> entry : weights.named().entrySet()) {
      Tensor tensor = entry.getValue();
      boolean norm = entry.getKey().endsWith("norm");
      boolean table = entry.getKey().endsWith("embed_tokens") || entry.getKey().endsWith("lm_head");
      double std = norm || entry.getKey().endsWith("bias") ? 0.3 : table ? 0.5 : 0.25;
      float[] values = new float[Math.toIntExact(tensor.elements())];
      for (int i = 0; i < values.length; i++) {
        values[i] =
            (float) ((norm ? 1 - weights.config().normOffset() : 0) + std * random.nextGaussian());
      }
      ops.upload(tensor, values);
    }
    return weights;
  }

  /** The tensor of that name, which must exist. */
  static Tensor tensor(Parameters of, String name) {
    return Objects.requireNonNull(of.named().get(name), name);
  }

  static int[] tokens(SplittableRandom random, int length) {
    int[] ids = new int[length];
    for (int i = 0; i < length; i++) {
      ids[i] = random.nextInt(VOCAB);
    }
    return ids;
  }

  /** Predicts every token of a sequence from those before it. */
  static PackedBatch.Builder addPredicted(PackedBatch.Builder batch, int[] ids) {
    int start = batch.addSequence(ids, ids.length - 1);
    for (int i = 1; i < ids.length; i++) {
      batch.predict(start + i - 1, ids[i]);
    }
    return batch;
  }

  @Override
  public void close() {
    arena.close();
    transformer.close();
    ops.backend().close();
  }
}
