package org.score4j.kernels.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Device code of {@link TornadoRopeKernels}. */
final class RopeCode {
  private RopeCode() {}

  /**
   * Rotates the pair (i, i + half) of query and key heads in place, a thread per pair. Arguments:
   * qkv, positions (ints), cos, sin, tokens, rotated heads, half of headDim, width of a row, +1 or
   * −1.
   */
  static void rope(KernelContext context, FloatArray memory, IntArray ints, IntArray args) {
    int qkv = args.get(0);
    int positions = args.get(1);
    int cos = args.get(2);
    int sin = args.get(3);
    int rotated = args.get(5);
    int half = args.get(6);
    int width = args.get(7);
    float direction = args.get(8);
    int pairs = rotated * half;
    int n = args.get(4) * pairs;
    for (int i = context.globalIdx; i < n; i += context.globalGroupSizeX) {
      int token = i / pairs;
      int pair = i - token * pairs;
      int head = pair / half;
      int element = pair - head * half;
      int angle = ints.get(positions + token) * half + element;
      int at = qkv + token * width + head * 2 * half + element;
      float c = memory.get(cos + angle);
      float s = direction * memory.get(sin + angle);
      float first = memory.get(at);
      float second = memory.get(at + half);
      memory.set(at, first * c - second * s);
      memory.set(at + half, second * c + first * s);
    }
  }
}
