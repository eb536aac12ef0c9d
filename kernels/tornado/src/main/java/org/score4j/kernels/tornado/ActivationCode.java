package org.score4j.kernels.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Device code of {@link TornadoActivationKernels}. GELU's {@code (1 + tanh(u))/2} is computed as
 * the sigmoid of 2u: PoCL's tanh stops short of −1, which a huge gate makes visible.
 */
final class ActivationCode {
  /** √(8/π). */
  private static final float SQRT_8_OVER_PI = 1.5957692f;

  private static final float CUBE = 0.044715f;

  private ActivationCode() {}

  /** Arguments: out, gateUp, rows, width. */
  static void swiglu(KernelContext context, FloatArray memory, IntArray ints, IntArray args) {
    int out = args.get(0);
    int gateUp = args.get(1);
    int width = args.get(3);
    int n = args.get(2) * width;
    for (int i = context.globalIdx; i < n; i += context.globalGroupSizeX) {
      // Row t of gateUp begins at 2·t·width.
      int at = gateUp + i + (i / width) * width;
      float gate = memory.get(at);
      float sigmoid = 1f / (1f + TornadoMath.exp(-gate));
      memory.set(out + i, gate * sigmoid * memory.get(at + width));
    }
  }

  /** Arguments: dGateUp, dOut, gateUp, rows, width. */
  static void swigluBackward(
      KernelContext context, FloatArray memory, IntArray ints, IntArray args) {
    int dGateUp = args.get(0);
    int dOut = args.get(1);
    int gateUp = args.get(2);
    int width = args.get(4);
    int n = args.get(3) * width;
    for (int i = context.globalIdx; i < n; i += context.globalGroupSizeX) {
      int offset = i + (i / width) * width;
      float gate = memory.get(gateUp + offset);
      float up = memory.get(gateUp + offset + width);
      float d = memory.get(dOut + i);
      float sigmoid = 1f / (1f + TornadoMath.exp(-gate));
      memory.set(dGateUp + offset, d * up * sigmoid * (1f + gate * (1f - sigmoid)));
      memory.set(dGateUp + offset + width, d * gate * sigmoid);
    }
  }

  /** Arguments: out, gateUp, rows, width. */
  static void geglu(KernelContext context, FloatArray memory, IntArray ints, IntArray args) {
    int out = args.get(0);
    int gateUp = args.get(1);
    int width = args.get(3);
    int n = args.get(2) * width;
    for (int i = context.globalIdx; i < n; i += context.globalGroupSizeX) {
      int at = gateUp + i + (i / width) * width;
      float gate = memory.get(at);
      float twice = SQRT_8_OVER_PI * (gate + CUBE * gate * gate * gate);
      float sigmoid = 1f / (1f + TornadoMath.exp(-twice));
      memory.set(out + i, gate * sigmoid * memory.get(at + width));
    }
  }

  /** Arguments: dGateUp, dOut, gateUp, rows, width. */
  static void gegluBackward(
      KernelContext context, FloatArray memory, IntArray ints, IntArray args) {
    int dGateUp = args.get(0);
    int dOut = args.get(1);
    int gateUp = args.get(2);
    int width = args.get(4);
    int n = args.get(3) * width;
    for (int i = context.globalIdx; i < n; i += context.globalGroupSizeX) {
      int offset = i + (i / width) * width;
      float gate = memory.get(gateUp + offset);
      float up = memory.get(gateUp + offset + width);
      float d = memory.get(dOut + i);
      float twice = SQRT_8_OVER_PI * (gate + CUBE * gate * gate * gate);
      float sigmoid = 1f / (1f + TornadoMath.exp(-twice));
      float slope = sigmoid * (1f - sigmoid);
      // Far out the slope is 0, whatever the gate, whose square may be infinite.
      float bend = 0f;
      if (slope > 0f) {
        bend = gate * slope * SQRT_8_OVER_PI * (1f + 3f * CUBE * gate * gate);
      }
      memory.set(dGateUp + offset, d * up * (sigmoid + bend));
      memory.set(dGateUp + offset + width, d * gate * sigmoid);
    }
  }
}
