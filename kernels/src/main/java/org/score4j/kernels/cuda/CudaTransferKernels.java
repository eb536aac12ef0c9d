package org.score4j.kernels.cuda;

import static jcuda.driver.CUevent_flags.CU_EVENT_DISABLE_TIMING;

import java.lang.foreign.MemorySegment;
import jcuda.CudaException;
import jcuda.Pointer;
import jcuda.driver.CUevent;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;
import org.score4j.kernels.Tensor;
import org.score4j.kernels.TransferKernels;

/**
 * Transfers through a ring of page-locked buffers, the only host memory that the GPU copies from
 * and to by itself; while it copies one, the next is filled or emptied.
 *
 * <p>Uploads are queued between the kernels, on the compute stream: what was queued before still
 * reads the old content, and the caller's memory is free as soon as it has been staged. Downloads
 * wait on the copy stream for what was queued before.
 */
final class CudaTransferKernels implements TransferKernels, AutoCloseable {
  private static final int NUM_SLOTS = 4;
  private static final long SLOT_BYTES = 4 << 20;

  private final CudaDevice device;
  private final @Nullable Slot[] slots = new @Nullable Slot[NUM_SLOTS];
  private int next;
  private @Nullable CUevent computed;

  CudaTransferKernels(CudaDevice device) {
    this.device = device;
  }

  /** A page-locked buffer and the moment from which it is free. */
  private static final class Slot {
    private final Pointer pointer = new Pointer();
    private final CUevent copied = new CUevent();
    private final MemorySegment memory;

    Slot() {
      JCudaDriver.cuMemHostAlloc(pointer, SLOT_BYTES, 0);
      memory = MemorySegment.ofBuffer(pointer.getByteBuffer(0, SLOT_BYTES));
      JCudaDriver.cuEventCreate(copied, CU_EVENT_DISABLE_TIMING);
    }

    void await() {
      JCudaDriver.cuEventSynchronize(copied);
    }

    void close() {
      JCudaDriver.cuEventDestroy(copied);
      JCudaDriver.cuMemFreeHost(pointer);
    }
  }

  @Override
  public void upload(Tensor dst, MemorySegment src) {
    device.makeCurrent();
    CUstream stream = device.computeStream();
    try {
      for (long at = 0; at < src.byteSize(); at += SLOT_BYTES) {
        long bytes = Math.min(SLOT_BYTES, src.byteSize() - at);
        Slot slot = slot(next);
        next = (next + 1) % NUM_SLOTS;
        slot.await();
        MemorySegment.copy(src, at, slot.memory, 0, bytes);
        JCudaDriver.cuMemcpyHtoDAsync(CudaBuffer.pointer(dst, at), slot.pointer, bytes, stream);
        JCudaDriver.cuEventRecord(slot.copied, stream);
      }
    } catch (CudaException e) {
      throw CudaFailure.of("uploading %d bytes".formatted(src.byteSize()), e);
    }
  }

  @Override
  public void download(MemorySegment dst, Tensor src) {
    device.makeCurrent();
    CUstream stream = device.copyStream();
    long size = src.byteSize();
    try {
      CUevent before = computed();
      JCudaDriver.cuEventRecord(before, device.computeStream());
      JCudaDriver.cuStreamWaitEvent(stream, before, 0);
      int first = next;
      int chunks = Math.toIntExact((size + SLOT_BYTES - 1) / SLOT_BYTES);
      for (int chunk = 0; chunk < chunks + NUM_SLOTS - 1; chunk++) {
        if (chunk < chunks) {
          Slot slot = slot((first + chunk) % NUM_SLOTS);
          slot.await();
          JCudaDriver.cuMemcpyDtoHAsync(
              slot.pointer,
              CudaBuffer.pointer(src, chunk * SLOT_BYTES),
              bytes(size, chunk),
              stream);
          JCudaDriver.cuEventRecord(slot.copied, stream);
        }
        int done = chunk - (NUM_SLOTS - 1);
        if (done >= 0 && done < chunks) {
          Slot slot = slot((first + done) % NUM_SLOTS);
          slot.await();
          MemorySegment.copy(slot.memory, 0, dst, done * SLOT_BYTES, bytes(size, done));
        }
      }
    } catch (CudaException e) {
      throw CudaFailure.of("downloading %d bytes".formatted(size), e);
    }
  }

  private static long bytes(long size, int chunk) {
    return Math.min(SLOT_BYTES, size - chunk * SLOT_BYTES);
  }

  private Slot slot(int index) {
    Slot slot = slots[index];
    if (slot == null) {
      slot = new Slot();
      slots[index] = slot;
    }
    return slot;
  }

  private CUevent computed() {
    CUevent event = computed;
    if (event == null) {
      event = new CUevent();
      JCudaDriver.cuEventCreate(event, CU_EVENT_DISABLE_TIMING);
      computed = event;
    }
    return event;
  }

  @Override
  public void close() {
    device.makeCurrent();
    for (Slot slot : slots) {
      if (slot != null) {
        slot.close();
      }
    }
    if (computed != null) {
      JCudaDriver.cuEventDestroy(computed);
    }
  }
}
