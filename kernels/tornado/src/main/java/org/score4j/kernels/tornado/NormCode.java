package org.score4j.kernels.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Device code of {@link TornadoNormKernels}. A group has a row: its threads sum every 64th element
 * each, the sums are joined in a tree.
 */
final class NormCode {
  private static final int GROUP = TornadoKernel.GROUP;

  private NormCode() {}

  /**
   * RMSNorm of each row of x, or of x + delta. Arguments: out, rstd, x, weight, width, delta or −1,
   * sum (where there is a delta); factors: eps, offset of the weight.
   */
  static void rmsNorm(
      KernelContext context, FloatArray memory, IntArray ints, IntArray args, FloatArray factors) {
    int width = args.get(4);
    int row = context.groupIdx;
    int lane = context.localIdx;
    int out = args.get(0) + row * width;
    int x = args.get(2) + row * width;
    int weight = args.get(3);
    int delta = args.get(5);
    int sum = args.get(6) + row * width;
    float offset = factors.get(1);
    float[] partial = context.allocateFloatLocalArray(GROUP);
    float squares = 0f;
    for (int d = lane; d < width; d += GROUP) {
      float value = memory.get(x + d);
      if (delta >= 0) {
        value = value + memory.get(delta + row * width + d);
        memory.set(sum + d, value);
      }
      squares += value * value;
    }
    partial[lane] = squares;
    context.localBarrier();
    for (int step = GROUP / 2; step > 0; step >>= 1) {
      if (lane < step) {
        partial[lane] = partial[lane] + partial[lane + step];
      }
      context.localBarrier();
    }
    float r = 1f / TornadoMath.sqrt(partial[0] / width + factors.get(0));
    if (lane == 0) {
      memory.set(args.get(1) + row, r);
    }
    for (int d = lane; d < width; d += GROUP) {
      float value = 0f;
      if (delta >= 0) {
        value = memory.get(sum + d);
      } else {
        value = memory.get(x + d);
      }
      memory.set(out + d, value * r * (offset + memory.get(weight + d)));
    }
  }

  /**
   * {@code dX = rstd · (g − x̂ · mean(g · x̂))} with {@code g = dOut · (offset + weight)}, {@code
   * x̂ = x · rstd}. Arguments: dX, dOut, x, weight, rstd, width, whether to accumulate; factors:
   * offset.
   */
  static void rmsNormBackward(
      KernelContext context, FloatArray memory, IntArray ints, IntArray args, FloatArray factors) {
    float offset = factors.get(0);
    int width = args.get(5);
    int accumulate = args.get(6);
    int row = context.groupIdx;
    int lane = context.localIdx;
    int dX = args.get(0) + row * width;
    int dOut = args.get(1) + row * width;
    int x = args.get(2) + row * width;
    int weight = args.get(3);
    float r = memory.get(args.get(4) + row);
    float[] partial = context.allocateFloatLocalArray(GROUP);
    float sum = 0f;
    for (int d = lane; d < width; d += GROUP) {
      sum += memory.get(dOut + d) * (offset + memory.get(weight + d)) * (memory.get(x + d) * r);
    }
    partial[lane] = sum;
    context.localBarrier();
    for (int step = GROUP / 2; step > 0; step >>= 1) {
      if (lane < step) {
        partial[lane] = partial[lane] + partial[lane + step];
      }
      context.localBarrier();
    }
    float mean = partial[0] / width;
    for (int d = lane; d < width; d += GROUP) {
      float g = memory.get(dOut + d) * (offset + memory.get(weight + d));
      float gradient = r * (g - memory.get(x + d) * r * mean);
      if (accumulate != 0) {
        gradient = memory.get(dX + d) + gradient;
      }
      memory.set(dX + d, gradient);
    }
  }

  /**
   * {@code dWeight[d] += Σ_t dOut[t][d] · x[t][d] · rstd[t]}, a chain over t. Arguments: dWeight,
   * dOut, x, rstd, rows, width.
   */
  static void rmsNormBackwardWeight(
      KernelContext context, FloatArray memory, IntArray ints, IntArray args) {
    int dWeight = args.get(0);
    int dOut = args.get(1);
    int x = args.get(2);
    int rstd = args.get(3);
    int rows = args.get(4);
    int width = args.get(5);
    for (int d = context.globalIdx; d < width; d += context.globalGroupSizeX) {
      float sum = memory.get(dWeight + d);
      for (int t = 0; t < rows; t++) {
        int at = t * width + d;
        sum += memory.get(dOut + at) * (memory.get(x + at) * memory.get(rstd + t));
      }
      memory.set(dWeight + d, sum);
    }
  }

  /**
   * RMSNorm of query and key heads, a copy of value heads; a group has a head of a token.
   * Arguments: out, rstd, qkv, qWeight, kWeight, query heads, key heads, headDim; factors: eps,
   * offset of the weights.
   */
  static void qkNorm(
      KernelContext context, FloatArray memory, IntArray ints, IntArray args, FloatArray factors) {
    int qHeads = args.get(5);
    int normed = qHeads + args.get(6);
    int heads = normed + args.get(6);
    int width = args.get(7);
    int token = context.groupIdx / heads;
    int head = context.groupIdx - token * heads;
    int lane = context.localIdx;
    int out = args.get(0) + context.groupIdx * width;
    int x = args.get(2) + context.groupIdx * width;
    int weight = args.get(3);
    if (head >= qHeads) {
      weight = args.get(4);
    }
    float offset = factors.get(1);
    float[] partial = context.allocateFloatLocalArray(GROUP);
    float squares = 0f;
    for (int d = lane; d < width; d += GROUP) {
      float value = memory.get(x + d);
      squares += value * value;
    }
    partial[lane] = squares;
    context.localBarrier();
    for (int step = GROUP / 2; step > 0; step >>= 1) {
      if (lane < step) {
        partial[lane] = partial[lane] + partial[lane + step];
      }
      context.localBarrier();
    }
    float r = 1f / TornadoMath.sqrt(partial[0] / width + factors.get(0));
    if (head < normed) {
      if (lane == 0) {
        memory.set(args.get(1) + token * normed + head, r);
      }
      for (int d = lane; d < width; d += GROUP) {
        memory.set(out + d, memory.get(x + d) * r * (offset + memory.get(weight + d)));
      }
    } else {
      for (int d = lane; d < width; d += GROUP) {
        memory.set(out + d, memory.get(x + d));
      }
    }
  }

  /**
   * Gradient of {@link #qkNorm} with respect to its input. Arguments: dQkv, dOut, qkv, qWeight,
   * kWeight, rstd, query heads, key heads, headDim; factors: offset of the weights.
   */
  static void qkNormBackward(
      KernelContext context, FloatArray memory, IntArray ints, IntArray args, FloatArray factors) {
    float offset = factors.get(0);
    int qHeads = args.get(6);
    int normed = qHeads + args.get(7);
    int heads = normed + args.get(7);
    int width = args.get(8);
    int token = context.groupIdx / heads;
    int head = context.groupIdx - token * heads;
    int lane = context.localIdx;
    int dX = args.get(0) + context.groupIdx * width;
    int dOut = args.get(1) + context.groupIdx * width;
    int x = args.get(2) + context.groupIdx * width;
    int weight = args.get(3);
    if (head >= qHeads) {
      weight = args.get(4);
    }
    float r = 0f;
    if (head < normed) {
      r = memory.get(args.get(5) + token * normed + head);
    }
    float[] partial = context.allocateFloatLocalArray(GROUP);
    float sum = 0f;
    if (head < normed) {
      for (int d = lane; d < width; d += GROUP) {
        sum += memory.get(dOut + d) * (offset + memory.get(weight + d)) * (memory.get(x + d) * r);
      }
    }
    partial[lane] = sum;
    context.localBarrier();
    for (int step = GROUP / 2; step > 0; step >>= 1) {
      if (lane < step) {
        partial[lane] = partial[lane] + partial[lane + step];
      }
      context.localBarrier();
    }
    float mean = partial[0] / width;
    for (int d = lane; d < width; d += GROUP) {
      float gradient = memory.get(dOut + d);
      if (head < normed) {
        float g = gradient * (offset + memory.get(weight + d));
        gradient = r * (g - memory.get(x + d) * r * mean);
      }
      memory.set(dX + d, gradient);
    }
  }

  /**
   * Gradients of the weights of {@link #qkNorm}, chains over tokens, then heads; a thread has an
   * element of one of both. Arguments: dQWeight, dKWeight, dOut, qkv, rstd, query heads, key heads,
   * headDim, tokens.
   */
  static void qkNormBackwardWeight(
      KernelContext context, FloatArray memory, IntArray ints, IntArray args) {
    int dOut = args.get(2);
    int x = args.get(3);
    int rstd = args.get(4);
    int qHeads = args.get(5);
    int kHeads = args.get(6);
    int width = args.get(7);
    int tokens = args.get(8);
    int normed = qHeads + kHeads;
    int heads = normed + kHeads;
    for (int i = context.globalIdx; i < 2 * width; i += context.globalGroupSizeX) {
      int d = i;
      int gradient = args.get(0);
      int from = 0;
      int to = qHeads;
      if (i >= width) {
        d = i - width;
        gradient = args.get(1);
        from = qHeads;
        to = normed;
      }
      float sum = memory.get(gradient + d);
      for (int t = 0; t < tokens; t++) {
        for (int h = from; h < to; h++) {
          int at = (t * heads + h) * width + d;
          sum += memory.get(dOut + at) * (memory.get(x + at) * memory.get(rstd + t * normed + h));
        }
      }
      memory.set(gradient + d, sum);
    }
  }
}
