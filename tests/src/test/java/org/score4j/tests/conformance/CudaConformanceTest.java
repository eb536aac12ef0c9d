package org.score4j.tests.conformance;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Precision;
import org.score4j.tests.cuda.CudaTestDevice;

/** The cuda backend in single precision against the reference. */
class CudaConformanceTest
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
  private Backend opened;

  @BeforeEach
  final void openDevice() {
    configure();
    opened = CudaTestDevice.open(precision());
  }

  @AfterEach
  final void closeDevice() {
    if (opened != null) {
      opened.close();
    }
  }

  /** Settings of the software device. */
  void configure() {
    CudaTestDevice.computeLateAndReversed(false);
  }

  Precision precision() {
    return Precision.F32;
  }

  /**
   * The backend of this test, which closing leaves open: its scratch memory goes from op to op as
   * in a run, and a GPU takes a second to open.
   */
  @Override
  public final Backend open(int threads) {
    return (Backend)
        Proxy.newProxyInstance(
            Backend.class.getClassLoader(),
            new Class<?>[] {Backend.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("close")) {
                return null;
              }
              try {
                return method.invoke(opened, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
