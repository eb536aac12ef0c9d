package org.score4j.tests.conformance;

import org.score4j.kernels.Backend;
import org.score4j.tests.tornado.TornadoTestDevice;

/** The tornado backend against the reference, and its promises about bits. */
class TornadoConformanceTest
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
        ElementwiseKernelsTest {
  @Override
  public Backend open(int threads) {
    return TornadoTestDevice.shared();
  }
}
