package org.score4j.kernels.reference;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.score4j.kernels.DType;
import org.score4j.kernels.ElementwiseKernels;
import org.score4j.kernels.Tensor;
import org.score4j.kernels.host.HostBuffer;

/** Element by element; {@code cast} also between the types this backend does not compute in. */
final class ReferenceElementwiseKernels implements ElementwiseKernels {
  private static final int BF16_HALF = 0x8000;

  @Override
  public void fill(Tensor x, double value) {
    Doubles xs = Doubles.of(x);
    for (long i = 0; i < x.elements(); i++) {
      xs.set(i, value);
    }
  }

  @Override
  public void add(Tensor out, Tensor a, Tensor b) {
    Doubles outs = Doubles.of(out);
    for (long i = 0; i < out.elements(); i++) {
      outs.set(i, Doubles.of(a).get(i) + Doubles.of(b).get(i));
    }
  }

  @Override
  public void scale(Tensor out, Tensor x, double factor) {
    Doubles outs = Doubles.of(out);
    for (long i = 0; i < out.elements(); i++) {
      outs.set(i, factor * Doubles.of(x).get(i));
    }
  }

  @Override
  public void softCap(Tensor out, Tensor x, double cap) {
    Doubles outs = Doubles.of(out);
    for (long i = 0; i < out.elements(); i++) {
      outs.set(i, cap * Math.tanh(Doubles.of(x).get(i) / cap));
    }
  }

  @Override
  public void cast(Tensor out, Tensor x) {
    MemorySegment to = HostBuffer.segment(out);
    MemorySegment from = HostBuffer.segment(x);
    for (long i = 0; i < out.elements(); i++) {
      write(to, out.dtype(), i, read(from, x.dtype(), i));
    }
  }

  private static double read(MemorySegment memory, DType type, long index) {
    return switch (type) {
      case F64 -> memory.getAtIndex(ValueLayout.JAVA_DOUBLE, index);
      case F32 -> memory.getAtIndex(ValueLayout.JAVA_FLOAT, index);
      case BF16 ->
          Float.intBitsToFloat(memory.getAtIndex(ValueLayout.JAVA_SHORT, index) << Short.SIZE);
      case I32 -> throw new IllegalArgumentException("cast: I32 is not a floating point type");
    };
  }

  private static void write(MemorySegment memory, DType type, long index, double value) {
    switch (type) {
      case F64 -> memory.setAtIndex(ValueLayout.JAVA_DOUBLE, index, value);
      case F32 -> memory.setAtIndex(ValueLayout.JAVA_FLOAT, index, (float) value);
      case BF16 -> memory.setAtIndex(ValueLayout.JAVA_SHORT, index, toBf16(value));
      case I32 -> throw new IllegalArgumentException("cast: I32 is not a floating point type");
    }
  }

  /** Round to nearest, ties to even; a bfloat16 is the upper half of a float. */
  private static short toBf16(double value) {
    float single = (float) value;
    int bits = Float.floatToIntBits(single);
    if (Float.isNaN(single)) {
      return (short) (bits >>> Short.SIZE | 0x40);
    }
    int rest = bits & 0xFFFF;
    int upper = bits >>> Short.SIZE;
    boolean roundUp = rest > BF16_HALF;
    if (rest == BF16_HALF) {
      // A tie of the float may be none of the double: rounding twice must not lose on which side it
      // was.
      double difference = Math.abs(value) - Math.abs((double) single);
      roundUp = difference > 0 || (difference == 0 && (upper & 1) == 1);
    }
    return (short) (roundUp ? upper + 1 : upper);
  }
}
