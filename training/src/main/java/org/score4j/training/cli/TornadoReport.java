package org.score4j.training.cli;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.score4j.kernels.BackendProvider;
import org.score4j.kernels.Backends;

/**
 * What this machine offers for the tornado backend.
 *
 * @param devices one line each, in the order of their numbers
 * @param fault why it cannot be used, with the fix; empty where it can
 */
record TornadoReport(List<String> devices, String fault) {
  private static final String INSTALL =
      "install TornadoVM's SDK for this JDK (`sdk install tornadovm` with SDKMAN) and set %s to its folder, see docs/tornado.md"
          .formatted(TornadoSdk.HOME);

  private static final int TIMEOUT_SECONDS = 60;

  /**
   * Asks TornadoVM in a JVM of its own, started with its flags: an SDK that is broken or for
   * another JDK must not take this one down.
   */
  static TornadoReport ofThisMachine() {
    Optional<TornadoSdk> sdk = TornadoSdk.find();
    if (sdk.isEmpty()) {
      String home = System.getenv(TornadoSdk.HOME);
      return none(
          home == null || home.isEmpty()
              ? "%s is not set; %s".formatted(TornadoSdk.HOME, INSTALL)
              : "%s is %s, where there is no tornado-argfile; %s"
                  .formatted(TornadoSdk.HOME, home, INSTALL));
    }
    if (Backends.tornado().isEmpty()) {
      return none(
          "TornadoVM's SDK is in %s, but this jar was built without it; build it anew: mvn -DskipTests package"
              .formatted(sdk.get().home()));
    }
    return ask(sdk.get());
  }

  private static TornadoReport none(String fault) {
    return new TornadoReport(List.of(), fault);
  }

  private static TornadoReport ask(TornadoSdk sdk) {
    List<String> inherited = ManagementFactory.getRuntimeMXBean().getInputArguments();
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(TornadoSdk.present() ? inherited : sdk.flags(List.of()));
    command.addAll(
        List.of("-cp", System.getProperty("java.class.path"), TornadoReport.class.getName()));
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return none("TornadoVM did not answer in %d s".formatted(TIMEOUT_SECONDS));
      }
      List<String> devices =
          output
              .lines()
              .filter(l -> l.startsWith(DEVICE))
              .map(l -> l.substring(DEVICE.length()))
              .toList();
      if (process.exitValue() == 0 && !devices.isEmpty()) {
        return new TornadoReport(devices, "");
      }
      String last =
          output.lines().filter(l -> !l.isBlank()).reduce((a, b) -> b).orElse("no output");
      return none(
          "TornadoVM of %s does not start (exit code %d): %s; it must be a build for this JDK"
              .formatted(sdk.home(), process.exitValue(), last));
    } catch (IOException e) {
      return none("cannot start %s: %s".formatted(command.getFirst(), e.getMessage()));
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts this thread", e);
    }
  }

  /** Before a device's line; TornadoVM may print lines of its own. */
  private static final String DEVICE = "device ";

  /**
   * In that JVM: prints the devices.
   *
   * @param args none
   */
  public static void main(String[] args) {
    BackendProvider provider = Backends.tornado().orElseThrow();
    String obstacle = provider.obstacle();
    if (!obstacle.isEmpty()) {
      System.out.println(obstacle);
      System.exit(1);
    }
    provider.devices().forEach(line -> System.out.println(DEVICE + line));
    System.exit(0);
  }
}
