package org.score4j.tests.conformance;

import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;

/**
 * The oracle itself: what the suites say about bits, guards, statistics and closed forms holds for
 * it too.
 */
class ReferenceConformanceTest
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
    return Backends.open("reference", threads);
  }
}
