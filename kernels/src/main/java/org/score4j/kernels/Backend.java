package org.score4j.kernels;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntConsumer;

/**
 * A device with all op families. Kernels trust their arguments: {@link Ops} checks shapes, types
 * and ranges once and then delegates. A backend serves one caller thread at a time.
 */
public interface Backend extends AutoCloseable {
  /** Name as in {@code --device}. */
  String name();

  /** One line for people: device, threads, precision. */
  String description();

  /** Type of weights, activations and their gradients: F32, F64 or BF16. */
  DType floatType();

  /**
   * Type of everything whose bits must not be lost: gradients of parameters, master weights,
   * moments, what norms and attention save for backward, rotary tables, log-probabilities and
   * coefficients. {@link #floatType} itself, or F32 where that is BF16.
   */
  default DType stateType() {
    return floatType() == DType.BF16 ? DType.F32 : floatType();
  }

  /**
   * Types that products, look-ups and heads take matrices of weights in: {@link #floatType}, and
   * others that are widened to it exactly as they are read. The same numbers give the same bits in
   * every one of them. Weights that are trained are in the float type.
   */
  default Set<DType> weightTypes() {
    return Set.of(floatType());
  }

  /**
   * Whether a row's bits are the same whatever batch surrounds it and whichever of prefill, decode
   * or training computes it.
   */
  boolean bitExactAcrossBatches();

  /**
   * A new allocation, 64-byte aligned at least; content undefined unless {@link #zeroesNewBuffers}.
   *
   * @param purpose what it is for, as named in the error when there is too little memory
   * @param bytes size
   */
  DeviceBuffer newBuffer(String purpose, long bytes);

  /** Whether every new buffer holds zeros. */
  default boolean zeroesNewBuffers() {
    return false;
  }

  /** The device's memory; empty where it is the host's. */
  default Optional<DeviceMemory> memory() {
    return Optional.empty();
  }

  /**
   * Bytes that a pass can read again much faster than others, because they lie in the processor's
   * caches; the largest number where that makes no difference.
   */
  default long cacheBytes() {
    return Long.MAX_VALUE;
  }

  /** Whether {@link #replay} saves work, so that calls are worth padding to a few sizes. */
  default boolean replays() {
    return false;
  }

  /**
   * Runs {@code body}, or queues again what it queued when it was last run under this key: the same
   * ops, on the same tensors, with the same scalars. So for one key the body must always be the
   * same, and it must not transfer or wait.
   *
   * @param key by its equality
   * @param body calls ops only
   */
  default void replay(Object key, Runnable body) {
    body.run();
  }

  /**
   * Backends over the same memory, each of which computes with one thread: for passes of so few
   * operations that cutting each of them among threads costs too much. Used by {@link #runInLanes}
   * alone. Empty where passes are not cut.
   */
  default List<Backend> lanes() {
    return List.of();
  }

  /** Runs {@code work} once for each lane, with its index, side by side, and waits for all. */
  default void runInLanes(IntConsumer work) {
    for (int lane = 0; lane < lanes().size(); lane++) {
      work.accept(lane);
    }
  }

  /**
   * Promises that {@code weights} keep their values until the result is closed, so that products
   * may read copies that suit the device better. A second promise is for weights of the first, and
   * ends before it. Changes no result.
   *
   * @param weights of linear layers and heads
   */
  default FrozenWeights freeze(Collection<Tensor> weights) {
    return () -> {};
  }

  /** Waits until everything queued is done. */
  void synchronize();

  /** A stopwatch: of the device itself where it has a clock. */
  default Stopwatch newStopwatch() {
    return new HostStopwatch(this);
  }

  /** Transfers between host and device. */
  TransferKernels transfer();

  /** Linear layers. */
  MatmulKernels matmul();

  /** RMSNorm and QK norm. */
  NormKernels norm();

  /** Rotary embedding. */
  RopeKernels rope();

  /** Attention, packed and paged. */
  AttentionKernels attention();

  /** SwiGLU and GEGLU. */
  ActivationKernels activation();

  /** Look-ups by row. */
  EmbeddingKernels embedding();

  /** Language-model head. */
  LossKernels loss();

  /** Sampling. */
  SamplingKernels sampling();

  /** AdamW and norms. */
  OptimizerKernels optimizer();

  /** Element by element. */
  ElementwiseKernels elementwise();

  @Override
  void close();
}
