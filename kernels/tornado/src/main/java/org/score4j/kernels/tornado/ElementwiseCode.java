package org.score4j.kernels.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Device code of {@link TornadoElementwiseKernels}. */
final class ElementwiseCode {
  private ElementwiseCode() {}

  /** Arguments: x, n; factors: value. */
  static void fill(
      KernelContext context, FloatArray memory, IntArray ints, IntArray args, FloatArray factors) {
    int x = args.get(0);
    int n = args.get(1);
    float value = factors.get(0);
    for (int i = context.globalIdx; i < n; i += context.globalGroupSizeX) {
      memory.set(x + i, value);
    }
  }

  /** Arguments: out, a, b, n. */
  static void add(KernelContext context, FloatArray memory, IntArray ints, IntArray args) {
    int out = args.get(0);
    int a = args.get(1);
    int b = args.get(2);
    int n = args.get(3);
    for (int i = context.globalIdx; i < n; i += context.globalGroupSizeX) {
      memory.set(out + i, memory.get(a + i) + memory.get(b + i));
    }
  }

  /** Arguments: out, x, n; factors: factor. */
  static void scale(
      KernelContext context, FloatArray memory, IntArray ints, IntArray args, FloatArray factors) {
    int out = args.get(0);
    int x = args.get(1);
    int n = args.get(2);
    float factor = factors.get(0);
    for (int i = context.globalIdx; i < n; i += context.globalGroupSizeX) {
      memory.set(out + i, factor * memory.get(x + i));
    }
  }

  /** {@code out = factor · tanh(x/cap)}. Arguments: out, x, n; factors: cap, factor. */
  static void softCap(
      KernelContext context, FloatArray memory, IntArray ints, IntArray args, FloatArray factors) {
    int out = args.get(0);
    int x = args.get(1);
    int n = args.get(2);
    float cap = factors.get(0);
    float factor = factors.get(1);
    for (int i = context.globalIdx; i < n; i += context.globalGroupSizeX) {
      memory.set(out + i, factor * TornadoMath.tanh(memory.get(x + i) / cap));
    }
  }

  /** Arguments: out, x, n. */
  static void copy(KernelContext context, FloatArray memory, IntArray ints, IntArray args) {
    int out = args.get(0);
    int x = args.get(1);
    int n = args.get(2);
    for (int i = context.globalIdx; i < n; i += context.globalGroupSizeX) {
      memory.set(out + i, memory.get(x + i));
    }
  }
}
