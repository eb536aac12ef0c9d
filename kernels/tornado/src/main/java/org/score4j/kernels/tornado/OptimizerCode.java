package org.score4j.kernels.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Device code of {@link TornadoOptimizerKernels}. */
final class OptimizerCode {
  private static final int GROUP = TornadoKernel.GROUP;

  private OptimizerCode() {}

  /**
   * Arguments: param, first moment, second moment, gradient, n; factors: gradScale, β1, 1−β1, β2,
   * 1−β2, 1/(1−β1ᵗ), 1/(1−β2ᵗ), learning rate, learning rate times decay, eps.
   */
  static void adamW(
      KernelContext context, FloatArray memory, IntArray ints, IntArray args, FloatArray factors) {
    int param = args.get(0);
    int first = args.get(1);
    int second = args.get(2);
    int grad = args.get(3);
    int n = args.get(4);
    float gradScale = factors.get(0);
    float beta1 = factors.get(1);
    float rest1 = factors.get(2);
    float beta2 = factors.get(3);
    float rest2 = factors.get(4);
    float correction1 = factors.get(5);
    float correction2 = factors.get(6);
    float learningRate = factors.get(7);
    float decay = factors.get(8);
    float eps = factors.get(9);
    for (int i = context.globalIdx; i < n; i += context.globalGroupSizeX) {
      float g = gradScale * memory.get(grad + i);
      float m = beta1 * memory.get(first + i) + rest1 * g;
      float v = beta2 * memory.get(second + i) + rest2 * g * g;
      float p = memory.get(param + i);
      float decayed = p - decay * p;
      float step = learningRate * (m * correction1) / (TornadoMath.sqrt(v * correction2) + eps);
      memory.set(first + i, m);
      memory.set(second + i, v);
      memory.set(param + i, decayed - step);
    }
  }

  /** Sum of squares of a share of x per group. Arguments: partial sums, x, n. */
  static void sumOfSquares(KernelContext context, FloatArray memory, IntArray ints, IntArray args) {
    int x = args.get(1);
    int n = args.get(2);
    int lane = context.localIdx;
    float[] partial = context.allocateFloatLocalArray(GROUP);
    float sum = 0f;
    for (int i = context.globalIdx; i < n; i += context.globalGroupSizeX) {
      float value = memory.get(x + i);
      sum += value * value;
    }
    partial[lane] = sum;
    context.localBarrier();
    for (int step = GROUP / 2; step > 0; step >>= 1) {
      if (lane < step) {
        partial[lane] = partial[lane] + partial[lane + step];
      }
      context.localBarrier();
    }
    if (lane == 0) {
      memory.set(args.get(0) + context.groupIdx, partial[0]);
    }
  }
}
