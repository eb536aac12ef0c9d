package org.score4j.tests.core;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.score4j.tests.tornado.TornadoTestDevice;

/** A whole model on the tornado backend: against the reference, and cut into micro-batches. */
class TornadoModelTest {
  private static final long SEED = 71;

  /** Some hundred roundings of 6e-8. */
  private static final double TOLERANCE = 3e-5;

  @BeforeEach
  void needTornado() {
    TornadoTestDevice.assumeThere();
  }

  @ParameterizedTest
  @EnumSource(TinyModel.Family.class)
  void logProbsKlAndGradients_areTheReferences(TinyModel.Family family) {
    try (TinyModel tornado = new TinyModel("tornado", family);
        TinyModel reference = new TinyModel("reference", family)) {
      ModelAgreement.check(tornado, reference, SEED, TOLERANCE);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = TinyModel.Family.class,
      names = {"TIED_WITH_BIAS", "QK_NORM", "WINDOWED", "GEMMA2", "GEMMA3"})
  void oneBatchOfEight_isEightOfOne(TinyModel.Family family) {
    try (TinyModel model = new TinyModel("tornado", family)) {
      MicroBatchTest.assertSame(
          MicroBatchTest.outcome(model, 1),
          MicroBatchTest.outcome(model, 8),
          "8 micro-batches of 1");
    }
  }
}
