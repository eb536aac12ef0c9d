package org.score4j.kernels.cpu;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.function.IntConsumer;
import org.score4j.kernels.ActivationKernels;
import org.score4j.kernels.AttentionKernels;
import org.score4j.kernels.Backend;
import org.score4j.kernels.DType;
import org.score4j.kernels.DeviceBuffer;
import org.score4j.kernels.ElementwiseKernels;
import org.score4j.kernels.EmbeddingKernels;
import org.score4j.kernels.FrozenWeights;
import org.score4j.kernels.LossKernels;
import org.score4j.kernels.MatmulKernels;
import org.score4j.kernels.NormKernels;
import org.score4j.kernels.OptimizerKernels;
import org.score4j.kernels.RopeKernels;
import org.score4j.kernels.SamplingKernels;
import org.score4j.kernels.Tensor;
import org.score4j.kernels.TransferKernels;
import org.score4j.kernels.host.HostBuffer;
import org.score4j.kernels.host.HostTransferKernels;

/**
 * The backend of machines without a GPU, and of small models on any: F32, Vector API, a fixed pool
 * of threads.
 */
public final class CpuBackend implements Backend {
  /** A share of the last-level cache that is seldom taken by others; Java cannot ask for it. */
  static final long CACHE_BYTES = 16L << 20;

  private final CpuThreadPool pool;
  private final CpuFrozenWeights frozen;
  private final List<Backend> lanes = new ArrayList<>();
  private final HeadProducts headProducts;
  private final TransferKernels transfer = new HostTransferKernels();
  private final MatmulKernels matmul;
  private final NormKernels norm;
  private final RopeKernels rope;
  private final AttentionKernels attention;
  private final ActivationKernels activation;
  private final EmbeddingKernels embedding;
  private final LossKernels loss;
  private final SamplingKernels sampling;
  private final OptimizerKernels optimizer;
  private final ElementwiseKernels elementwise;

  /**
   * Computes with {@code threads} threads, the caller's included; their number changes no result.
   */
  public CpuBackend(int threads) {
    this(threads, new CpuFrozenWeights());
    if (threads > 1) {
      for (int i = 0; i < threads; i++) {
        lanes.add(new CpuBackend(1, frozen));
      }
    }
  }

  private CpuBackend(int threads, CpuFrozenWeights frozen) {
    this.frozen = frozen;
    pool = new CpuThreadPool(threads);
    headProducts = new HeadProducts(pool, frozen);
    matmul = new CpuMatmulKernels(pool, frozen);
    norm = new CpuNormKernels(pool);
    rope = new CpuRopeKernels(pool);
    attention = new CpuAttentionKernels(pool);
    activation = new CpuActivationKernels(pool);
    embedding = new CpuEmbeddingKernels(pool);
    loss = new CpuLossKernels(pool, headProducts);
    sampling = new CpuSamplingKernels(pool, headProducts);
    optimizer = new CpuOptimizerKernels(pool);
    elementwise = new CpuElementwiseKernels(pool);
  }

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public String description() {
    return "cpu: %d threads, %d-bit vectors, single precision"
        .formatted(pool.numThreads(), Lanes.SPECIES.vectorBitSize());
  }

  @Override
  public DType floatType() {
    return DType.F32;
  }

  /** BF16 as well: half the memory, and half of what a pass of few rows reads. */
  @Override
  public Set<DType> weightTypes() {
    return Set.of(DType.F32, DType.BF16);
  }

  /** True: see the package. */
  @Override
  public boolean bitExactAcrossBatches() {
    return true;
  }

  @Override
  public long cacheBytes() {
    return CACHE_BYTES;
  }

  @Override
  public FrozenWeights freeze(Collection<Tensor> weights) {
    frozen.freeze(weights);
    return frozen::release;
  }

  @Override
  public List<Backend> lanes() {
    return Collections.unmodifiableList(lanes);
  }

  @Override
  public void runInLanes(IntConsumer work) {
    pool.run(lanes.size(), (lane, thread) -> work.accept(lane));
  }

  @Override
  public DeviceBuffer newBuffer(String purpose, long bytes) {
    return new HostBuffer(purpose, bytes);
  }

  @Override
  public boolean zeroesNewBuffers() {
    return true;
  }

  /** Nothing is ever queued. */
  @Override
  public void synchronize() {}

  @Override
  public TransferKernels transfer() {
    return transfer;
  }

  @Override
  public MatmulKernels matmul() {
    return matmul;
  }

  @Override
  public NormKernels norm() {
    return norm;
  }

  @Override
  public RopeKernels rope() {
    return rope;
  }

  @Override
  public AttentionKernels attention() {
    return attention;
  }

  @Override
  public ActivationKernels activation() {
    return activation;
  }

  @Override
  public EmbeddingKernels embedding() {
    return embedding;
  }

  @Override
  public LossKernels loss() {
    return loss;
  }

  @Override
  public SamplingKernels sampling() {
    return sampling;
  }

  @Override
  public OptimizerKernels optimizer() {
    return optimizer;
  }

  @Override
  public ElementwiseKernels elementwise() {
    return elementwise;
  }

  /** Ends the threads and frees their memory; buffers belong to their arenas. */
  @Override
  public void close() {
    lanes.forEach(Backend::close);
    headProducts.close();
    pool.close();
    frozen.close();
  }
}
