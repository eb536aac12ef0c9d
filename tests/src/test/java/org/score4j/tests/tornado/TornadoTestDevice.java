package org.score4j.tests.tornado;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.score4j.kernels.Backend;
import org.score4j.kernels.BackendProvider;
import org.score4j.kernels.Backends;
import org.score4j.kernels.Precision;

/**
 * The device on which tests of the tornado backend run: TornadoVM's first, or the one in {@code
 * -Dscore4j.tornado.testDevice=N}.
 */
public final class TornadoTestDevice {
  private static final String DEVICE = "score4j.tornado.testDevice";

  private static @Nullable Backend opened;

  private TornadoTestDevice() {}

  /** Skips the test, with the reason, where TornadoVM is not at hand. */
  public static void assumeThere() {
    Optional<BackendProvider> provider = Backends.tornado();
    assumeTrue(
        provider.isPresent(),
        "built without TornadoVM; set TORNADOVM_HOME to its SDK to build and test the backend");
    String obstacle = provider.orElseThrow().obstacle();
    assumeTrue(obstacle.isEmpty(), obstacle);
  }

  /** A backend of its own, or the test is skipped. */
  public static Backend open() {
    assumeThere();
    int index = Integer.getInteger(DEVICE, 0);
    return Backends.open(index == 0 ? "tornado" : "tornado:" + index, 1, Precision.AUTO);
  }

  /**
   * The backend of this JVM, which closing leaves open, or the test is skipped. Kernels are
   * compiled for every opening; and the scratch memory goes from op to op as in a run.
   */
  public static synchronized Backend shared() {
    Backend backend = opened == null ? open() : opened;
    opened = backend;
    return (Backend)
        Proxy.newProxyInstance(
            Backend.class.getClassLoader(),
            new Class<?>[] {Backend.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("close")) {
                return null;
              }
              try {
                return method.invoke(backend, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
