package org.score4j.kernels.tornado;

import java.util.OptionalInt;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.DeviceMemory;
import org.score4j.kernels.OutOfDeviceMemoryException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The device's memory: one array of floats and one of ints, reserved when the backend opens, since
 * all kernels of an execution plan must know all arrays. Buffers are ranges of them.
 */
final class TornadoMemory {
  /** System property: size of the memory in MiB. */
  static final String MEBIBYTES = "score4j.tornado.memoryMiB";

  private static final long DEFAULT_MEBIBYTES = 1024;

  /** An array is indexed by an int; a little less than 2³¹ floats. */
  private static final long MAX_MEBIBYTES = 8191;

  /** Of the ints: ids, positions, segments and page tables. */
  private static final int INT_SHARE = 16;

  private static final int ALIGNMENT = DeviceArena.ALIGNMENT_BYTES / Float.BYTES;

  private final FloatArray floats;
  private final IntArray ints;
  private final RangeAllocator freeFloats;
  private final RangeAllocator freeInts;
  private final long totalBytes;
  private IntCopy intCopy =
      (to, from, count) -> {
        throw new IllegalStateException("tornado: integers are moved before there is a kernel");
      };

  /** Copies integers on the device. */
  interface IntCopy {
    /** {@code ints[to .. to+count) = ints[from .. from+count)}, which do not overlap. */
    void copy(int to, int from, int count);
  }

  /** Reserves nothing on the device yet. */
  TornadoMemory() {
    long mebibytes = mebibytes();
    totalBytes = mebibytes << 20;
    floats = new FloatArray((int) (totalBytes / Float.BYTES));
    ints = new IntArray((int) (totalBytes / Integer.BYTES / INT_SHARE));
    freeFloats = new RangeAllocator(ALIGNMENT, floats.getSize());
    freeInts = new RangeAllocator(0, ints.getSize());
  }

  /** Size of the array of floats, as configured. */
  static long mebibytes() {
    long mebibytes = Long.getLong(MEBIBYTES, DEFAULT_MEBIBYTES);
    if (mebibytes < 1 || mebibytes > MAX_MEBIBYTES) {
      throw new IllegalArgumentException(
          "%s is %d, it must be 1 to %d".formatted(MEBIBYTES, mebibytes, MAX_MEBIBYTES));
    }
    return mebibytes;
  }

  FloatArray floats() {
    return floats;
  }

  IntArray ints() {
    return ints;
  }

  void moveIntsWith(IntCopy copy) {
    intCopy = copy;
  }

  DeviceMemory use() {
    return new DeviceMemory(freeFloats.freeElements() * Float.BYTES, totalBytes);
  }

  TornadoBuffer newBuffer(String purpose, long bytes) {
    long words = words(bytes);
    OptionalInt start =
        words < floats.getSize() ? freeFloats.take((int) words) : OptionalInt.empty();
    if (start.isEmpty()) {
      throw new OutOfDeviceMemoryException(
          purpose,
          bytes,
          use(),
          "make it smaller or the memory larger, -D%s=N up to %d (now %d)"
              .formatted(MEBIBYTES, MAX_MEBIBYTES, totalBytes >> 20),
          null);
    }
    return new TornadoBuffer(this, start.getAsInt(), bytes);
  }

  void give(TornadoBuffer buffer) {
    freeFloats.give(buffer.firstFloat(), (int) words(buffer.byteSize()));
  }

  int takeInts(int count) {
    OptionalInt start = freeInts.take(count);
    if (start.isEmpty()) {
      throw new OutOfDeviceMemoryException(
          "a tensor of indices",
          (long) count * Integer.BYTES,
          new DeviceMemory(
              freeInts.freeElements() * Integer.BYTES, (long) ints.getSize() * Integer.BYTES),
          "indices have a %dth of the memory, make it larger, -D%s=N up to %d (now %d)"
              .formatted(INT_SHARE, MEBIBYTES, MAX_MEBIBYTES, totalBytes >> 20),
          null);
    }
    return start.getAsInt();
  }

  void giveInts(int start, int count) {
    freeInts.give(start, count);
  }

  void copyInts(int to, int from, int count) {
    intCopy.copy(to, from, count);
  }

  private static long words(long bytes) {
    return (bytes + DeviceArena.ALIGNMENT_BYTES - 1) / DeviceArena.ALIGNMENT_BYTES * ALIGNMENT;
  }
}
