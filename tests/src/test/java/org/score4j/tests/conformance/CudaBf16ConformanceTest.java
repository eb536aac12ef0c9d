package org.score4j.tests.conformance;

import org.score4j.kernels.Precision;

/** The cuda backend with bfloat16 weights and activations, from numbers that bfloat16 holds. */
final class CudaBf16ConformanceTest extends CudaConformanceTest {
  @Override
  Precision precision() {
    return Precision.BF16;
  }
}
