package org.score4j.kernels.reference;

import java.util.Set;
import org.score4j.kernels.ActivationKernels;
import org.score4j.kernels.AttentionKernels;
import org.score4j.kernels.Backend;
import org.score4j.kernels.DType;
import org.score4j.kernels.DeviceBuffer;
import org.score4j.kernels.ElementwiseKernels;
import org.score4j.kernels.EmbeddingKernels;
import org.score4j.kernels.LossKernels;
import org.score4j.kernels.MatmulKernels;
import org.score4j.kernels.NormKernels;
import org.score4j.kernels.OptimizerKernels;
import org.score4j.kernels.RopeKernels;
import org.score4j.kernels.SamplingKernels;
import org.score4j.kernels.TransferKernels;
import org.score4j.kernels.host.HostBuffer;
import org.score4j.kernels.host.HostTransferKernels;

/**
 * The backend every other one is measured against: F64, one thread, the equations as they stand.
 */
public final class ReferenceBackend implements Backend {
  private final TransferKernels transfer = new HostTransferKernels();
  private final MatmulKernels matmul = new ReferenceMatmulKernels();
  private final NormKernels norm = new ReferenceNormKernels();
  private final RopeKernels rope = new ReferenceRopeKernels();
  private final AttentionKernels attention = new ReferenceAttentionKernels();
  private final ActivationKernels activation = new ReferenceActivationKernels();
  private final EmbeddingKernels embedding = new ReferenceEmbeddingKernels();
  private final LossKernels loss = new ReferenceLossKernels();
  private final SamplingKernels sampling = new ReferenceSamplingKernels();
  private final OptimizerKernels optimizer = new ReferenceOptimizerKernels();
  private final ElementwiseKernels elementwise = new ReferenceElementwiseKernels();

  @Override
  public String name() {
    return "reference";
  }

  @Override
  public String description() {
    return "reference: plain Java loops, 1 thread, double precision";
  }

  @Override
  public DType floatType() {
    return DType.F64;
  }

  @Override
  public Set<DType> weightTypes() {
    return Set.of(DType.F64, DType.BF16);
  }

  /** True: every row is computed by itself, in one order. */
  @Override
  public boolean bitExactAcrossBatches() {
    return true;
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

  /** Nothing to give back: buffers belong to their arenas. */
  @Override
  public void close() {}
}
