package org.score4j.kernels.tornado;

import java.lang.foreign.MemorySegment;
import org.score4j.kernels.DType;
import org.score4j.kernels.Tensor;
import org.score4j.kernels.TransferKernels;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Transfers in pieces: an array travels whole with a launch, and a kernel copies it from or to its
 * place. There are short arrays for the many small transfers of a step, and long ones.
 *
 * <p>Types that no kernel computes in (BF16, F64) are moved as words, bit for bit.
 */
final class TornadoTransferKernels implements TransferKernels {
  private static final int SHORT = 1 << 11;
  private static final int LONG = 1 << 18;

  private final Floats shortFloats;
  private final Floats longFloats;
  private final Ints shortInts;
  private final Ints longInts;

  TornadoTransferKernels(TornadoPlan plan) {
    shortFloats = new Floats(plan, SHORT);
    longFloats = new Floats(plan, LONG);
    shortInts = new Ints(plan, SHORT);
    longInts = new Ints(plan, LONG);
    TornadoKernel copyInts = plan.kernel("copyInts", TransferCode::copyInts);
    plan.memory()
        .moveIntsWith((to, from, count) -> copyInts.i32(to).i32(from).i32(count).launchOver(count));
  }

  /** Words between the host and a place in an array of the memory. */
  private abstract static class Channel {
    final int size;
    final TornadoKernel up;
    final TornadoKernel down;

    Channel(int size, TornadoKernel up, TornadoKernel down) {
      this.size = size;
      this.up = up;
      this.down = down;
    }

    /** What travels up. */
    abstract MemorySegment sent();

    /** What travels down. */
    abstract MemorySegment received();

    void upload(int to, MemorySegment src) {
      long words = src.byteSize() / Float.BYTES;
      for (long at = 0; at < words; at += size) {
        long count = Math.min(size, words - at);
        MemorySegment.copy(src, at * Float.BYTES, sent(), 0, count * Float.BYTES);
        up.i32(to + at).i32(count).launchOver(count);
      }
    }

    void download(MemorySegment dst, int from) {
      long words = dst.byteSize() / Float.BYTES;
      for (long at = 0; at < words; at += size) {
        long count = Math.min(size, words - at);
        down.i32(from + at).i32(count).launchOver(count);
        MemorySegment.copy(received(), 0, dst, at * Float.BYTES, count * Float.BYTES);
      }
    }
  }

  private static final class Floats extends Channel {
    private final FloatArray sent;
    private final FloatArray received;

    Floats(TornadoPlan plan, int size) {
      this(plan, size, new FloatArray(size), new FloatArray(size));
    }

    private Floats(TornadoPlan plan, int size, FloatArray sent, FloatArray received) {
      super(
          size,
          plan.upload("upload", TransferCode::upload, sent),
          plan.download("download", TransferCode::download, received));
      this.sent = sent;
      this.received = received;
    }

    @Override
    MemorySegment sent() {
      return sent.getSegment();
    }

    @Override
    MemorySegment received() {
      return received.getSegment();
    }
  }

  private static final class Ints extends Channel {
    private final IntArray sent;
    private final IntArray received;

    Ints(TornadoPlan plan, int size) {
      this(plan, size, new IntArray(size), new IntArray(size));
    }

    private Ints(TornadoPlan plan, int size, IntArray sent, IntArray received) {
      super(
          size,
          plan.upload("uploadInts", TransferCode::uploadInts, sent),
          plan.download("downloadInts", TransferCode::downloadInts, received));
      this.sent = sent;
      this.received = received;
    }

    @Override
    MemorySegment sent() {
      return sent.getSegment();
    }

    @Override
    MemorySegment received() {
      return received.getSegment();
    }
  }

  @Override
  public void upload(Tensor dst, MemorySegment src) {
    boolean small = src.byteSize() <= (long) SHORT * Float.BYTES;
    if (dst.dtype() == DType.I32) {
      (small ? shortInts : longInts).upload(TornadoBuffer.intIndex(dst), src);
      return;
    }
    int to = TornadoBuffer.wordIndex(dst);
    MemorySegment words = src;
    if (dst.byteOffset() % Float.BYTES != 0 || src.byteSize() % Float.BYTES != 0) {
      // The first and the last word have a half that is somebody else's.
      words = wordsAround(dst);
      longFloats.download(words, to);
      MemorySegment.copy(src, 0, words, dst.byteOffset() % Float.BYTES, src.byteSize());
    }
    (small ? shortFloats : longFloats).upload(to, words);
  }

  @Override
  public void download(MemorySegment dst, Tensor src) {
    boolean small = dst.byteSize() <= (long) SHORT * Float.BYTES;
    if (src.dtype() == DType.I32) {
      (small ? shortInts : longInts).download(dst, TornadoBuffer.intIndex(src));
      return;
    }
    int from = TornadoBuffer.wordIndex(src);
    if (src.byteOffset() % Float.BYTES == 0 && dst.byteSize() % Float.BYTES == 0) {
      (small ? shortFloats : longFloats).download(dst, from);
      return;
    }
    MemorySegment words = wordsAround(src);
    longFloats.download(words, from);
    MemorySegment.copy(words, src.byteOffset() % Float.BYTES, dst, 0, dst.byteSize());
  }

  /** Host memory for all words that the tensor has a part of. */
  private static MemorySegment wordsAround(Tensor tensor) {
    long lead = tensor.byteOffset() % Float.BYTES;
    return MemorySegment.ofArray(
        new float[Math.toIntExact((lead + tensor.byteSize() + Float.BYTES - 1) / Float.BYTES)]);
  }
}
