package org.score4j.kernels;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Host arrays to and from tensors of any type: what {@link Ops} moves. */
abstract sealed class Transfers permits Ops {
  private final TransferKernels transfer;

  Transfers(TransferKernels transfer) {
    this.transfer = transfer;
  }

  /** Copies {@code values[0..n)} into an I32 tensor of n elements. */
  public final void upload(Tensor dst, int[] values) {
    if (dst.dtype() != DType.I32) {
      throw new IllegalArgumentException("upload: dst is " + dst.dtype() + ", integers go to I32");
    }
    transfer.upload(dst, MemorySegment.ofArray(values).asSlice(0, dst.byteSize()));
  }

  /** Copies the first n values into a floating point tensor of n elements, in its type. */
  public final void upload(Tensor dst, float[] values) {
    int n = Math.toIntExact(dst.elements());
    switch (dst.dtype()) {
      case F32 -> transfer.upload(dst, MemorySegment.ofArray(values).asSlice(0, dst.byteSize()));
      case BF16 -> {
        short[] narrow = new short[n];
        for (int i = 0; i < n; i++) {
          narrow[i] = BFloat16.round(values[i]);
        }
        transfer.upload(dst, MemorySegment.ofArray(narrow));
      }
      case F64 -> {
        double[] wide = new double[n];
        for (int i = 0; i < n; i++) {
          wide[i] = values[i];
        }
        transfer.upload(dst, MemorySegment.ofArray(wide));
      }
      case I32 -> throw notFloating("upload: dst", dst);
    }
  }

  /** Copies the first n values into a floating point tensor of n elements, rounding to its type. */
  public final void upload(Tensor dst, double[] values) {
    if (dst.dtype() == DType.F64) {
      transfer.upload(dst, MemorySegment.ofArray(values).asSlice(0, dst.byteSize()));
      return;
    }
    // Through single precision: what is stored as BF16 was single precision before.
    float[] narrow = new float[Math.toIntExact(dst.elements())];
    for (int i = 0; i < narrow.length; i++) {
      narrow[i] = (float) values[i];
    }
    upload(dst, narrow);
  }

  /** All elements of an I32 tensor. */
  public final int[] downloadInts(Tensor src) {
    int[] values = new int[Math.toIntExact(src.elements())];
    transfer.download(MemorySegment.ofArray(values), src);
    return values;
  }

  /** All elements of a floating point tensor, rounded to single precision. */
  public final float[] downloadFloats(Tensor src) {
    float[] values = new float[Math.toIntExact(src.elements())];
    switch (src.dtype()) {
      case F32 -> transfer.download(MemorySegment.ofArray(values), src);
      case BF16 -> {
        short[] narrow = new short[values.length];
        transfer.download(MemorySegment.ofArray(narrow), src);
        for (int i = 0; i < narrow.length; i++) {
          values[i] = BFloat16.toFloat(narrow[i]);
        }
      }
      case F64 -> {
        double[] wide = downloadDoubles(src);
        for (int i = 0; i < wide.length; i++) {
          values[i] = (float) wide[i];
        }
      }
      case I32 -> throw notFloating("download: src", src);
    }
    return values;
  }

  /** All elements of a floating point tensor. */
  public final double[] downloadDoubles(Tensor src) {
    double[] values = new double[Math.toIntExact(src.elements())];
    if (src.dtype() == DType.F64) {
      transfer.download(MemorySegment.ofArray(values), src);
      return values;
    }
    float[] narrow = downloadFloats(src);
    for (int i = 0; i < narrow.length; i++) {
      values[i] = narrow[i];
    }
    return values;
  }

  /** Raw bytes of the device's own type into the tensor. */
  public final void uploadBytes(Tensor dst, MemorySegment src) {
    if (src.byteSize() != dst.byteSize()) {
      throw new IllegalArgumentException(
          "upload: %d bytes for a tensor of %d".formatted(src.byteSize(), dst.byteSize()));
    }
    transfer.upload(dst, src);
  }

  /** {@link TransferKernels#hostView}. */
  public final Optional<MemorySegment> hostView(Tensor tensor) {
    return transfer.hostView(tensor);
  }

  private static IllegalArgumentException notFloating(String what, Tensor tensor) {
    return new IllegalArgumentException(
        what + " is " + tensor.dtype() + ", expected a floating point type");
  }
}
