package org.score4j.kernels.tornado;

import java.util.Optional;
import org.score4j.kernels.ActivationKernels;
import org.score4j.kernels.AttentionKernels;
import org.score4j.kernels.Backend;
import org.score4j.kernels.DType;
import org.score4j.kernels.DeviceBuffer;
import org.score4j.kernels.DeviceMemory;
import org.score4j.kernels.ElementwiseKernels;
import org.score4j.kernels.EmbeddingKernels;
import org.score4j.kernels.LossKernels;
import org.score4j.kernels.MatmulKernels;
import org.score4j.kernels.NormKernels;
import org.score4j.kernels.OptimizerKernels;
import org.score4j.kernels.RopeKernels;
import org.score4j.kernels.SamplingKernels;
import org.score4j.kernels.TransferKernels;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/** A device that TornadoVM compiles for, computing in single precision. */
final class TornadoBackend implements Backend {
  private final String name;
  private final String description;
  private final TornadoMemory memory;
  private final TornadoPlan plan;
  private final TransferKernels transfer;
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
   * Opens a device and reserves its memory.
   *
   * @param name as in {@code --device}
   * @param device of TornadoVM
   * @param deviceName for people
   */
  TornadoBackend(String name, TornadoDevice device, String deviceName) {
    this.name = name;
    memory = new TornadoMemory();
    plan = new TornadoPlan(device, memory);
    TornadoScratch scratch = new TornadoScratch(memory);
    TornadoTransferKernels transfers = new TornadoTransferKernels(plan);
    TornadoGemm gemm = new TornadoGemm(plan);
    TornadoLossKernels losses = new TornadoLossKernels(plan, scratch, gemm);
    transfer = transfers;
    matmul = new TornadoMatmulKernels(plan, gemm);
    norm = new TornadoNormKernels(plan);
    rope = new TornadoRopeKernels(plan);
    attention = new TornadoAttentionKernels(plan, scratch);
    activation = new TornadoActivationKernels(plan);
    embedding = new TornadoEmbeddingKernels(plan, scratch);
    loss = losses;
    sampling = new TornadoSamplingKernels(plan, scratch, losses);
    optimizer = new TornadoOptimizerKernels(plan, scratch, transfers);
    elementwise = new TornadoElementwiseKernels(plan, transfers);
    plan.start();
    description =
        "%s: TornadoVM, %s, %d MiB, single precision"
            .formatted(name, deviceName, TornadoMemory.mebibytes());
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  public DType floatType() {
    return DType.F32;
  }

  /** True: a sum's order depends on its row alone, and one kernel serves all callers. */
  @Override
  public boolean bitExactAcrossBatches() {
    return true;
  }

  @Override
  public DeviceBuffer newBuffer(String purpose, long bytes) {
    return memory.newBuffer(purpose, bytes);
  }

  @Override
  public Optional<DeviceMemory> memory() {
    return Optional.of(memory.use());
  }

  /** Every launch waits by itself. */
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

  /** Gives the memory back, buffers included. */
  @Override
  public void close() {
    plan.close();
  }
}
