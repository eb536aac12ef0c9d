package org.score4j.core.model;

import java.util.Map;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Philox;
import org.score4j.kernels.Tensor;

/**
 * Random weights of a new model: normal with standard deviation 1/√fanIn for projections, those
 * that write into the residual stream scaled by 1/√(2·layers) as in GPT-2; embeddings and head as
 * configured; norm weights so that they multiply with 1, biases 0. A value is a function of (seed,
 * tensor, index) alone.
 *
 * @param embeddingStd standard deviation of the embedding
 * @param headStd standard deviation of an untied head
 */
public record Initializer(double embeddingStd, double headStd) {

  /** Fills {@code weights}. */
  public void initialize(Ops ops, Parameters weights, long seed) {
    double residual = 1 / Math.sqrt(2.0 * weights.config().numLayers());
    int index = 0;
    for (Map.Entry<String, Tensor> entry : weights.named().entrySet()) {
      String name = entry.getKey();
      Tensor tensor = entry.getValue();
      if (name.endsWith("norm")) {
        ops.fill(tensor, 1 - weights.config().normOffset());
      } else if (name.endsWith("bias")) {
        ops.fill(tensor, 0);
      } else {
        double fanIn = 1 / Math.sqrt(tensor.dim0());
        double std =
            switch (name.substring(name.lastIndexOf('.') + 1)) {
              case "embed_tokens" -> embeddingStd;
              case "lm_head" -> headStd;
              case "o_proj", "down_proj" -> fanIn * residual;
              default -> fanIn;
            };
        ops.upload(
            tensor,
            normal(Math.toIntExact(tensor.elements()), std, Philox.derive(seed, index, 0, 0, 0)));
      }
      index++;
    }
  }

  /**
   * Adapters that change nothing yet, as PEFT makes them: A uniform in ±1/√K (Kaiming-uniform with
   * a = √5), B zero.
   *
   * @param adapted weights with adapters
   */
  public static void initializeAdapters(Ops ops, Parameters adapted, long seed) {
    int index = 0;
    for (Map.Entry<String, Tensor> entry : adapted.named().entrySet()) {
      Tensor tensor = entry.getValue();
      if (entry.getKey().endsWith("lora_a")) {
        long key = Philox.derive(seed, index, 0, 0, 0);
        double bound = 1 / Math.sqrt(tensor.dim0());
        float[] values = new float[Math.toIntExact(tensor.elements())];
        int[] words = new int[4];
        for (int i = 0; i < values.length; i++) {
          Philox.generate(words, (int) key, (int) (key >>> 32), i, 0, 0, 0);
          values[i] = (float) (bound * (2 * uniform53(words[0], words[1]) - 1));
        }
        ops.upload(tensor, values);
      } else {
        ops.fill(tensor, 0);
      }
      index++;
    }
  }

  /** Box–Muller over Philox words, two values per call of the generator. */
  private static float[] normal(int n, double std, long key) {
    float[] values = new float[n];
    int[] words = new int[4];
    for (int i = 0; i < n; i += 2) {
      Philox.generate(words, (int) key, (int) (key >>> 32), i / 2, 0, 0, 0);
      double radius = Math.sqrt(-2 * StrictMath.log(uniform53(words[0], words[1])));
      double angle = 2 * Math.PI * uniform53(words[2], words[3]);
      values[i] = (float) (std * radius * StrictMath.cos(angle));
      if (i + 1 < n) {
        values[i + 1] = (float) (std * radius * StrictMath.sin(angle));
      }
    }
    return values;
  }

  private static double uniform53(int high, int low) {
    long bits = (high & 0xFFFFFFFFL) << 20 | (low & 0xFFFFFFFFL) >>> 12;
    return (bits + 0.5) * 0x1p-52;
  }
}
