package org.score4j.tests.conformance;

import org.score4j.kernels.Precision;
import org.score4j.tests.cuda.CudaTestDevice;

/**
 * The cuda backend once more, with the threads of a block run from the last to the first between
 * two barriers, and with queued work that runs only when somebody waits for it: where a barrier or
 * a wait is missing, one of the ways shows it.
 */
final class CudaReversedConformanceTest extends CudaConformanceTest {
  @Override
  void configure() {
    CudaTestDevice.computeLateAndReversed(true);
  }

  @Override
  Precision precision() {
    return Precision.BF16;
  }
}
