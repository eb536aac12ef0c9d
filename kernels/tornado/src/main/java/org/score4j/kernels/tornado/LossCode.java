package org.score4j.kernels.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Device code of {@link TornadoLossKernels}, on logits that a matrix product left. */
final class LossCode {
  private static final int GROUP = TornadoKernel.GROUP;

  /** Less than any logit; unlike −∞ it has differences. */
  private static final float LOWEST = -3.0e38f;

  private LossCode() {}

  /**
   * Numbers of each row; a group has a row. Arguments: 0 logits, 1 logits of the reference or −1, 2
   * targets (ints), 3 vocabulary, 4 logProb, 5 entropy, 6 kl, 7 refLogProb (both with a reference),
   * 8 for each row log of the softmax denominator, of the reference's, and KL.
   */
  static void rowStatistics(
      KernelContext context, FloatArray memory, IntArray ints, IntArray args) {
    int row = context.groupIdx;
    int lane = context.localIdx;
    int vocabulary = args.get(3);
    int logits = args.get(0) + row * vocabulary;
    int reference = args.get(1);
    int target = ints.get(args.get(2) + row);
    float[] partial = context.allocateFloatLocalArray(GROUP);
    float logSumExp = logSumExp(context, memory, logits, vocabulary, lane, partial);
    float refLogSumExp = 0f;
    int refLogits = reference + row * vocabulary;
    if (reference >= 0) {
      refLogSumExp = logSumExp(context, memory, refLogits, vocabulary, lane, partial);
    }
    float entropy = 0f;
    float kl = 0f;
    for (int v = lane; v < vocabulary; v += GROUP) {
      float logP = memory.get(logits + v) - logSumExp;
      float p = TornadoMath.exp(logP);
      entropy = entropy - p * logP;
      if (reference >= 0) {
        kl = kl + p * (logP - (memory.get(refLogits + v) - refLogSumExp));
      }
    }
    partial[lane] = entropy;
    context.localBarrier();
    for (int step = GROUP / 2; step > 0; step >>= 1) {
      if (lane < step) {
        partial[lane] = partial[lane] + partial[lane + step];
      }
      context.localBarrier();
    }
    entropy = partial[0];
    context.localBarrier();
    partial[lane] = kl;
    context.localBarrier();
    for (int step = GROUP / 2; step > 0; step >>= 1) {
      if (lane < step) {
        partial[lane] = partial[lane] + partial[lane + step];
      }
      context.localBarrier();
    }
    if (lane == 0) {
      memory.set(args.get(4) + row, memory.get(logits + target) - logSumExp);
      memory.set(args.get(5) + row, entropy);
      memory.set(args.get(8) + 3 * row, logSumExp);
      if (reference >= 0) {
        memory.set(args.get(6) + row, partial[0]);
        memory.set(args.get(7) + row, memory.get(refLogits + target) - refLogSumExp);
        memory.set(args.get(8) + 3 * row + 1, refLogSumExp);
        memory.set(args.get(8) + 3 * row + 2, partial[0]);
      }
    }
  }

  /** The same for all threads of the group. */
  private static float logSumExp(
      KernelContext context,
      FloatArray memory,
      int logits,
      int vocabulary,
      int lane,
      float[] partial) {
    float max = LOWEST;
    for (int v = lane; v < vocabulary; v += GROUP) {
      max = TornadoMath.max(max, memory.get(logits + v));
    }
    partial[lane] = max;
    context.localBarrier();
    for (int step = GROUP / 2; step > 0; step >>= 1) {
      if (lane < step) {
        partial[lane] = TornadoMath.max(partial[lane], partial[lane + step]);
      }
      context.localBarrier();
    }
    max = partial[0];
    context.localBarrier();
    float sum = 0f;
    for (int v = lane; v < vocabulary; v += GROUP) {
      sum = sum + TornadoMath.exp(memory.get(logits + v) - max);
    }
    partial[lane] = sum;
    context.localBarrier();
    for (int step = GROUP / 2; step > 0; step >>= 1) {
      if (lane < step) {
        partial[lane] = partial[lane] + partial[lane + step];
      }
      context.localBarrier();
    }
    sum = partial[0];
    context.localBarrier();
    return max + TornadoMath.log(sum);
  }

  /**
   * {@code dLoss/dy} of the products {@code y = hidden · headᵀ}, in place of the logits. Arguments:
   * 0 logits, 1 logits of the reference or −1, 2 targets (ints), 3 vocabulary, 4 numbers of the
   * rows as above, 5 logProbCoef, 6 klCoef or −1, 7 rows, 8 entropyCoef or −1, 9 entropy; factors:
   * inverse temperature, 1/(soft cap · inverse temperature) or 0.
   */
  static void dLogits(
      KernelContext context, FloatArray memory, IntArray ints, IntArray args, FloatArray factors) {
    int logits = args.get(0);
    int reference = args.get(1);
    int targets = args.get(2);
    int vocabulary = args.get(3);
    int numbers = args.get(4);
    int klCoefs = args.get(6);
    int n = args.get(7) * vocabulary;
    int entropyCoefs = args.get(8);
    float unscale = factors.get(1);
    for (int i = context.globalIdx; i < n; i += context.globalGroupSizeX) {
      int row = i / vocabulary;
      int v = i - row * vocabulary;
      float z = memory.get(logits + i);
      float logP = z - memory.get(numbers + 3 * row);
      float p = TornadoMath.exp(logP);
      float target = 0f;
      if (v == ints.get(targets + row)) {
        target = 1f;
      }
      float d = memory.get(args.get(5) + row) * (p - target);
      if (klCoefs >= 0) {
        float logRef = memory.get(reference + i) - memory.get(numbers + 3 * row + 1);
        float excess = logP - logRef - memory.get(numbers + 3 * row + 2);
        d = d + memory.get(klCoefs + row) * p * excess;
      }
      if (entropyCoefs >= 0) {
        d = d + memory.get(entropyCoefs + row) * p * (logP + memory.get(args.get(9) + row));
      }
      d = d * factors.get(0);
      if (unscale > 0f) {
        float tanh = z * unscale;
        d = d * (1f - tanh * tanh);
      }
      memory.set(logits + i, d);
    }
  }
}
