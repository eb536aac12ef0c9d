package org.score4j.kernels.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Raw access to native memory: every kernel of this package works on plain addresses, whose shapes
 * the façade has checked.
 *
 * <p>A vector is read with {@code FloatVector.fromMemorySegment(SPECIES, HostMemory.ALL, address,
 * HostMemory.ORDER)}; the liveness check of the never-closed constant segment folds away, the
 * bounds check shrinks to one compare. Each such access costs the compilers some hundred nodes,
 * though: beyond about 35 accesses in one method C1 gives up ("out of virtual registers") or C2
 * stops inlining, and the method runs a hundred times slower. Code with more of them works on a
 * {@code float[]} it copies into, as {@link SgemmTiles} does.
 */
final class HostMemory {
  /** The whole address space; the offset of an access is the address itself. */
  @SuppressWarnings("restricted")
  static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  /** The order of bytes that makes vector accesses plain loads and stores. */
  static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private static final VarHandle FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.varHandle();
  private static final VarHandle INT = ValueLayout.JAVA_INT_UNALIGNED.varHandle();

  private HostMemory() {}

  /** The float at an address. */
  static float getFloat(long address) {
    return (float) FLOAT.get(ALL, address);
  }

  /** Writes the float at an address. */
  static void setFloat(long address, float value) {
    FLOAT.set(ALL, address, value);
  }

  /** The int at an address. */
  static int getInt(long address) {
    return (int) INT.get(ALL, address);
  }

  /** Writes the int at an address. */
  static void setInt(long address, int value) {
    INT.set(ALL, address, value);
  }
}
