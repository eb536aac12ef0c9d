package org.score4j.kernels.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Device code between the memory and the arrays that travel. */
final class TransferCode {
  private TransferCode() {}

  /** Writes one element of each array, so that TornadoVM reserves them on the device. */
  static void reserve(KernelContext context, FloatArray memory, IntArray ints) {
    if (context.globalIdx == 0) {
      memory.set(0, 0f);
      ints.set(0, 0);
    }
  }

  /** {@code memory[to + i] = staged[i]}; arguments: to, count. */
  static void upload(
      KernelContext context, FloatArray memory, IntArray ints, IntArray args, FloatArray staged) {
    int to = args.get(0);
    int count = args.get(1);
    for (int i = context.globalIdx; i < count; i += context.globalGroupSizeX) {
      memory.set(to + i, staged.get(i));
    }
  }

  /** {@code staged[i] = memory[from + i]}; arguments: from, count. */
  static void download(
      KernelContext context, FloatArray memory, IntArray ints, IntArray args, FloatArray staged) {
    int from = args.get(0);
    int count = args.get(1);
    for (int i = context.globalIdx; i < count; i += context.globalGroupSizeX) {
      staged.set(i, memory.get(from + i));
    }
  }

  /** {@code ints[to + i] = staged[i]}; arguments: to, count. */
  static void uploadInts(
      KernelContext context, FloatArray memory, IntArray ints, IntArray args, IntArray staged) {
    int to = args.get(0);
    int count = args.get(1);
    for (int i = context.globalIdx; i < count; i += context.globalGroupSizeX) {
      ints.set(to + i, staged.get(i));
    }
  }

  /** {@code staged[i] = ints[from + i]}; arguments: from, count. */
  static void downloadInts(
      KernelContext context, FloatArray memory, IntArray ints, IntArray args, IntArray staged) {
    int from = args.get(0);
    int count = args.get(1);
    for (int i = context.globalIdx; i < count; i += context.globalGroupSizeX) {
      staged.set(i, ints.get(from + i));
    }
  }

  /** {@code ints[to + i] = ints[from + i]}; arguments: to, from, count. */
  static void copyInts(KernelContext context, FloatArray memory, IntArray ints, IntArray args) {
    int to = args.get(0);
    int from = args.get(1);
    int count = args.get(2);
    for (int i = context.globalIdx; i < count; i += context.globalGroupSizeX) {
      ints.set(to + i, ints.get(from + i));
    }
  }
}
