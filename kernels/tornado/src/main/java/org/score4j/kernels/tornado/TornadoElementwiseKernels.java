package org.score4j.kernels.tornado;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.score4j.kernels.BFloat16;
import org.score4j.kernels.DType;
import org.score4j.kernels.ElementwiseKernels;
import org.score4j.kernels.Tensor;

/**
 * Element by element. A {@code cast} between types goes over the host: kernels compute in single
 * precision only, and training casts nothing here.
 */
final class TornadoElementwiseKernels implements ElementwiseKernels {
  private final TornadoTransferKernels transfer;
  private final TornadoKernel fill;
  private final TornadoKernel add;
  private final TornadoKernel scale;
  private final TornadoKernel softCap;
  private final TornadoKernel copy;

  TornadoElementwiseKernels(TornadoPlan plan, TornadoTransferKernels transfer) {
    this.transfer = transfer;
    fill = plan.kernel("fill", ElementwiseCode::fill);
    add = plan.kernel("add", ElementwiseCode::add);
    scale = plan.kernel("scale", ElementwiseCode::scale);
    softCap = plan.kernel("softCap", ElementwiseCode::softCap);
    copy = plan.kernel("copy", ElementwiseCode::copy);
  }

  @Override
  public void fill(Tensor x, double value) {
    fill.floats(x).i32(x.elements()).f32(value).launchOver(x.elements());
  }

  @Override
  public void add(Tensor out, Tensor a, Tensor b) {
    add.floats(out).floats(a).floats(b).i32(out.elements()).launchOver(out.elements());
  }

  @Override
  public void scale(Tensor out, Tensor x, double factor) {
    scale.floats(out).floats(x).i32(out.elements()).f32(factor).launchOver(out.elements());
  }

  @Override
  public void softCap(Tensor out, Tensor x, double cap) {
    softCap.floats(out).floats(x).i32(out.elements()).f32(cap).f32(cap).launchOver(out.elements());
  }

  @Override
  public void cast(Tensor out, Tensor x) {
    if (out.dtype() == DType.F32 && x.dtype() == DType.F32) {
      copy.floats(out).floats(x).i32(out.elements()).launchOver(out.elements());
      return;
    }
    MemorySegment from = host(x);
    transfer.download(from, x);
    MemorySegment to = host(out);
    for (long i = 0; i < out.elements(); i++) {
      write(to, out.dtype(), i, read(from, x.dtype(), i));
    }
    transfer.upload(out, to);
  }

  private static MemorySegment host(Tensor tensor) {
    // Of longs, so that doubles are aligned.
    long words = (tensor.byteSize() + Long.BYTES - 1) / Long.BYTES;
    return MemorySegment.ofArray(new long[Math.toIntExact(words)]).asSlice(0, tensor.byteSize());
  }

  private static double read(MemorySegment memory, DType type, long index) {
    return switch (type) {
      case F64 -> memory.getAtIndex(ValueLayout.JAVA_DOUBLE, index);
      case F32 -> memory.getAtIndex(ValueLayout.JAVA_FLOAT, index);
      case BF16 -> BFloat16.toFloat(memory.getAtIndex(ValueLayout.JAVA_SHORT, index));
      case I32 -> throw new IllegalArgumentException("cast: I32 is not a floating point type");
    };
  }

  private static void write(MemorySegment memory, DType type, long index, double value) {
    switch (type) {
      case F64 -> memory.setAtIndex(ValueLayout.JAVA_DOUBLE, index, value);
      case F32 -> memory.setAtIndex(ValueLayout.JAVA_FLOAT, index, (float) value);
      case BF16 -> memory.setAtIndex(ValueLayout.JAVA_SHORT, index, BFloat16.round((float) value));
      case I32 -> throw new IllegalArgumentException("cast: I32 is not a floating point type");
    }
  }
}
