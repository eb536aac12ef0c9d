package org.score4j.kernels.cuda;

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
import org.score4j.kernels.Stopwatch;
import org.score4j.kernels.TransferKernels;

/** An NVIDIA GPU of compute capability 8.0 or newer, computing in F32 or BF16, state in F32. */
public final class CudaBackend implements Backend {
  private final CudaDevice device;
  private final CudaGemm gemm;
  private final CudaTransferKernels transfer;
  private final CudaGraphs graphs;
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
   * Opens a GPU.
   *
   * @param index as nvidia-smi counts, from 0
   * @param floatType type of weights and activations, F32 or BF16
   * @param tf32 whether products of F32 may round their inputs to TF32
   */
  public CudaBackend(int index, DType floatType, boolean tf32) {
    if (floatType != DType.F32 && floatType != DType.BF16) {
      throw new IllegalArgumentException(
          "cuda: weights and activations in %s are not supported; use f32 or bf16"
              .formatted(floatType));
    }
    device = new CudaDevice(index, floatType, KernelCache.ofUser());
    Workspace workspace = new Workspace(device);
    gemm = new CudaGemm(device, tf32);
    transfer = new CudaTransferKernels(device);
    graphs = new CudaGraphs(device);
    matmul = new CudaMatmulKernels(device, workspace, gemm);
    norm = new CudaNormKernels(device, workspace);
    rope = new CudaRopeKernels(device);
    attention = new CudaAttentionKernels(device, workspace);
    activation = new CudaActivationKernels(device);
    embedding = new CudaEmbeddingKernels(device);
    loss = new CudaLossKernels(device, workspace, gemm);
    sampling = new CudaSamplingKernels(device, workspace, gemm);
    optimizer = new CudaOptimizerKernels(device, workspace, transfer);
    elementwise = new CudaElementwiseKernels(device);
  }

  @Override
  public String name() {
    return device.label();
  }

  @Override
  public String description() {
    return "%s: %s, compute capability %d.%d, %d MiB, %s"
        .formatted(
            device.label(),
            device.gpuName(),
            device.capability() / 10,
            device.capability() % 10,
            device.memory().totalBytes() >> 20,
            device.floatType() == DType.BF16
                ? "bfloat16 with state in single precision"
                : gemm.tf32() ? "single precision with products in TF32" : "single precision");
  }

  @Override
  public DType floatType() {
    return device.floatType();
  }

  /** False: cuBLAS picks its kernels by shape. */
  @Override
  public boolean bitExactAcrossBatches() {
    return false;
  }

  @Override
  public DeviceBuffer newBuffer(String purpose, long bytes) {
    return device.newBuffer(purpose, bytes);
  }

  @Override
  public Optional<DeviceMemory> memory() {
    return Optional.of(device.memory());
  }

  @Override
  public boolean replays() {
    return true;
  }

  @Override
  public void replay(Object key, Runnable body) {
    graphs.replay(key, body);
  }

  /** How many recorded passes were launched. */
  public long replayed() {
    return graphs.launches();
  }

  @Override
  public void synchronize() {
    device.synchronize();
  }

  @Override
  public Stopwatch newStopwatch() {
    return new CudaStopwatch(device);
  }

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

  /** Waits for what is queued and gives everything back, buffers included. */
  @Override
  public void close() {
    if (device.isClosed()) {
      return;
    }
    device.synchronize();
    graphs.close();
    gemm.close();
    transfer.close();
    device.close();
  }
}
