package org.score4j.kernels.cpu;

import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** BF16 in native memory, widened to F32 as it is read; {@link HostMemory} for narrow weights. */
final class NarrowMemory {
  /** Bytes of an element. */
  static final int BYTES = Short.BYTES;

  /** Of an int: the bits of the second of two neighbours, where bytes are little-endian. */
  static final int HIGH = 0xFFFF_0000;

  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> INTS =
      VectorSpecies.of(int.class, SPECIES.vectorShape());
  private static final VectorSpecies<Short> SHORTS =
      VectorSpecies.of(short.class, VectorShape.forBitSize(SPECIES.vectorBitSize() / 2));

  private static final VarHandle SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.varHandle();
  private static final VarHandle LONG = ValueLayout.JAVA_LONG_UNALIGNED.varHandle();

  private NarrowMemory() {}

  /** The 16 bits at an address. */
  static int bits(long address) {
    return (short) SHORT.get(HostMemory.ALL, address) & 0xFFFF;
  }

  /** The bits of four neighbours, the first in the lowest place. */
  static long four(long address) {
    return (long) LONG.get(HostMemory.ALL, address);
  }

  /** The number at an address. */
  static float getFloat(long address) {
    return Float.intBitsToFloat((short) SHORT.get(HostMemory.ALL, address) << 16);
  }

  /** As many numbers as a vector of floats has. */
  static FloatVector load(long address) {
    return ((IntVector)
            ShortVector.fromMemorySegment(SHORTS, HostMemory.ALL, address, HostMemory.ORDER)
                .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
        .lanewise(VectorOperators.LSHL, 16)
        .reinterpretAsFloats();
  }

  /** Widens n numbers to floats elsewhere in memory. */
  static void copy(long to, long from, int n) {
    int i = 0;
    for (; i <= n - Lanes.LANES; i += Lanes.LANES) {
      Lanes.store(to + (long) i * Float.BYTES, load(from + (long) i * BYTES));
    }
    for (; i < n; i++) {
      HostMemory.setFloat(to + (long) i * Float.BYTES, getFloat(from + (long) i * BYTES));
    }
  }
}
