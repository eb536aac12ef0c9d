package org.score4j.tests.conformance;

import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;

/** The cpu backend against the reference, and its promises about bits. */
class CpuConformanceTest
    implements MatmulKernelsTest,
        NormKernelsTest,
        RopeKernelsTest,
        AttentionKernelsTest,
        PagedAttentionKernelsTest,
        ActivationKernelsTest,
        EmbeddingKernelsTest,
        LossKernelsTest,
        SamplingKernelsTest,
        OptimizerKernelsTest,
        ElementwiseKernelsTest,
        NarrowWeightsTest {
  @Override
  public Backend open(int threads) {
    return Backends.open("cpu", threads);
  }
}
