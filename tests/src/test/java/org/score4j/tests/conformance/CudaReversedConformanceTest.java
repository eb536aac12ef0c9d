package org.score4j.tests.conformance;

import org.score4j.kernels.Precision;
import org.score4j.tests.cuda.CudaTestDevice;

/**
 * The cuda backend once more, with the threads of a block run from the last to the first between
 * two barriers: where a barrier is missing, one of the two orders shows it.
 */
final class CudaReversedConformanceTest extends CudaConformanceTest {
  @Override
  void configure() {
    CudaTestDevice.computeInReversedOrder(true);
  }

  @Override
  Precision precision() {
    return Precision.BF16;
  }
}
