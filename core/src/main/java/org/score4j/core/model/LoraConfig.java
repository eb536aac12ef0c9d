package org.score4j.core.model;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.Ops;

/**
 * Low-rank adapters (Hu et al., arXiv 2106.09685, eq. 3): a target computes {@code y = x·W +
 * (alpha/rank)·(x·A)·B}, W frozen.
 *
 * @param rank r, inner width of an adapter
 * @param alpha α; its quotient with the rank scales every adapter
 * @param targets linear layers that have an adapter
 */
public record LoraConfig(int rank, double alpha, Set<LoraTarget> targets) {
  /** Refuses adapters that adapt nothing. */
  public LoraConfig {
    if (rank < 1 || !(alpha > 0) || Double.isInfinite(alpha) || targets.isEmpty()) {
      throw new IllegalArgumentException(
          "lora: rank %d, alpha %s, targets %s; rank and alpha must be above 0, and there must be a target"
              .formatted(rank, alpha, targets));
    }
    targets = Collections.unmodifiableSet(EnumSet.copyOf(targets));
  }

  /** α/r. */
  public double scaling() {
    return alpha / rank;
  }

  /** Arena memory that adapters need besides {@link HeadPass#activationBytes} in a pass. */
  public long temporaryBytes(ModelConfig config, int tokens, Ops ops) {
    long widest = 0;
    for (LoraTarget target : targets) {
      widest = Math.max(widest, (long) target.inputs(config) + target.outputs(config));
    }
    return tokens * (2L * rank + widest) * ops.floatType().byteSize()
        + 4L * DeviceArena.ALIGNMENT_BYTES;
  }
}
