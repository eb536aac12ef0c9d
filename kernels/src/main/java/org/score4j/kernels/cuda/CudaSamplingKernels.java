package org.score4j.kernels.cuda;

import org.score4j.kernels.SamplingKernels;
import org.score4j.kernels.Tensor;

/** Sampling: not written yet. */
final class CudaSamplingKernels implements SamplingKernels {
  CudaSamplingKernels(CudaDevice device, Workspace workspace, CudaGemm gemm) {}

  @Override
  public void sample(
      Tensor ids,
      Tensor logProbs,
      Tensor hidden,
      Tensor head,
      Tensor randomness,
      double temperature) {
    throw new UnsupportedOperationException("cuda: sample");
  }
}
