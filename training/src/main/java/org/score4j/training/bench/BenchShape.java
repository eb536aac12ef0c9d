package org.score4j.training.bench;

import java.util.List;
import java.util.stream.Collectors;
import org.score4j.core.model.ModelConfig;

/**
 * A model and the batches it is timed with.
 *
 * @param name as given to {@code --shape}
 * @param model sizes; weights are random
 * @param trainSequences sequences of a training step
 * @param trainLength tokens of each
 * @param decodeBatches numbers of sequences decoded at once
 * @param promptLength tokens of their prompts
 * @param newTokens drawn for each
 */
public record BenchShape(
    String name,
    ModelConfig model,
    int trainSequences,
    int trainLength,
    List<Integer> decodeBatches,
    int promptLength,
    int newTokens) {

  /** What can be asked for. */
  public static final List<BenchShape> ALL =
      List.of(
          // The embedded task's model; a step of the demo is about 2,000 tokens.
          llama("demo", 2, 64, 4, 4, 16, 128, 16, 170, 12, List.of(256), 8, 6),
          llama("small", 4, 128, 4, 4, 32, 344, 64, 64, 64, List.of(256), 16, 48),
          llama("medium", 12, 576, 9, 3, 64, 1536, 8192, 4, 256, List.of(16), 16, 48),
          qwen("qwen2.5-0.5b", 24, 896, 14, 64, 4864, 16),
          qwen("qwen2.5-1.5b", 28, 1536, 12, 128, 8960, 8),
          qwen("qwen2.5-3b", 36, 2048, 16, 128, 11008, 4));

  private static BenchShape llama(
      String name,
      int layers,
      int width,
      int heads,
      int kvHeads,
      int headDim,
      int ffn,
      int vocab,
      int trainSequences,
      int trainLength,
      List<Integer> decodeBatches,
      int prompt,
      int newTokens) {
    ModelConfig model =
        new ModelConfig(
            vocab, width, layers, heads, kvHeads, headDim, ffn, 512, 1e-5, 1e4, null, false, false,
            false);
    return new BenchShape(
        name, model, trainSequences, trainLength, decodeBatches, prompt, newTokens);
  }

  private static BenchShape qwen(
      String name, int layers, int width, int heads, int headDim, int ffn, int trainSequences) {
    ModelConfig model =
        new ModelConfig(
            151_936, width, layers, heads, 2, headDim, ffn, 1_024, 1e-6, 1e6, null, true, true,
            false);
    return new BenchShape(name, model, trainSequences, 1_024, List.of(1, 64, 256), 128, 128);
  }

  /**
   * The shape of that name.
   *
   * @throws IllegalArgumentException with all names, for an unknown one
   */
  public static BenchShape byName(String name) {
    return ALL.stream()
        .filter(shape -> shape.name.equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "shape '%s' is unknown; use one of %s"
                        .formatted(
                            name,
                            ALL.stream().map(BenchShape::name).collect(Collectors.joining(", ")))));
  }

  /** Two-turn conversations of a step of reinforcement learning. */
  int episodes() {
    return Math.min(128, decodeBatches.getLast());
  }

  /** Tokens of a training step. */
  public int trainTokens() {
    return trainSequences * trainLength;
  }
}
