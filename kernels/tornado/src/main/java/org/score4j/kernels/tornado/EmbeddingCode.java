package org.score4j.kernels.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Device code of {@link TornadoEmbeddingKernels}. */
final class EmbeddingCode {
  private EmbeddingCode() {}

  /** {@code out[n] = x[rows[n]]}. Arguments: out, x, rows (ints), number of rows, width. */
  static void gather(KernelContext context, FloatArray memory, IntArray ints, IntArray args) {
    int out = args.get(0);
    int x = args.get(1);
    int rows = args.get(2);
    int width = args.get(4);
    int n = args.get(3) * width;
    for (int i = context.globalIdx; i < n; i += context.globalGroupSizeX) {
      int row = i / width;
      memory.set(out + i, memory.get(x + ints.get(rows + row) * width + i - row * width));
    }
  }

  /**
   * Chains the positions that name the same row: {@code next[n]} is the next one, or −1, and {@code
   * first[n]} whether none came before. Arguments: next, first, rows (all ints), number of rows.
   */
  static void chain(KernelContext context, FloatArray memory, IntArray ints, IntArray args) {
    int next = args.get(0);
    int first = args.get(1);
    int rows = args.get(2);
    int n = args.get(3);
    for (int i = context.globalIdx; i < n; i += context.globalGroupSizeX) {
      int row = ints.get(rows + i);
      int later = i + 1;
      while (later < n && ints.get(rows + later) != row) {
        later++;
      }
      ints.set(next + i, later < n ? later : -1);
      int earlier = i - 1;
      while (earlier >= 0 && ints.get(rows + earlier) != row) {
        earlier--;
      }
      ints.set(first + i, earlier < 0 ? 1 : 0);
    }
  }

  /**
   * {@code dX[rows[n]] += dOut[n]} in the order of n: the thread of the first position that names a
   * row follows the chain. Arguments: dX, dOut, rows, next, first (ints), number of rows, width.
   */
  static void scatterAdd(KernelContext context, FloatArray memory, IntArray ints, IntArray args) {
    int dX = args.get(0);
    int dOut = args.get(1);
    int rows = args.get(2);
    int next = args.get(3);
    int first = args.get(4);
    int width = args.get(6);
    int n = args.get(5) * width;
    for (int i = context.globalIdx; i < n; i += context.globalGroupSizeX) {
      int row = i / width;
      int element = i - row * width;
      if (ints.get(first + row) != 0) {
        int at = dX + ints.get(rows + row) * width + element;
        float sum = memory.get(at);
        int source = row;
        while (source >= 0) {
          sum = sum + memory.get(dOut + source * width + element);
          source = ints.get(next + source);
        }
        memory.set(at, sum);
      }
    }
  }
}
