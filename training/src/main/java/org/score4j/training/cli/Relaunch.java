package org.score4j.training.cli;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.module.ModuleFinder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Starts the program again, once, in a JVM with the flags that it needs.
 *
 * <p>{@code java -jar} cannot add the incubating Vector API from the manifest. So the first JVM
 * only starts a second one with its own JVM arguments and {@link #JVM_FLAGS}, lends it the
 * terminal, passes SIGTERM on and ends with its exit code. Ctrl-C reaches both from the terminal;
 * the first JVM then waits until the second has saved. {@code bin/score4j} passes the flags
 * directly. TornadoVM's flags come from its SDK's argfile, and only for commands that name its
 * device: they cost start-up time, and bind the program to an SDK.
 */
final class Relaunch {
  /** What every JVM that trains is started with; {@code bin/score4j} passes the same. */
  static final List<String> JVM_FLAGS =
      List.of("--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED");

  /** Throughput over pauses; only where the caller chose no collector, as two are an error. */
  static final String COLLECTOR_FLAG = "-XX:+UseParallelGC";

  /** A choice of collector, as a regular expression. */
  static final String ANY_COLLECTOR = "-XX:\\+Use\\w+GC";

  /**
   * A young generation that stays in the caches: what a step allocates is small and dies at once,
   * and with the default size every step would write to fresh pages (10% of a run was spent on
   * clearing them). Only where the caller chose no size.
   */
  static final String YOUNG_FLAG = "-Xmn64m";

  /**
   * The JVM's own warnings go to stderr: by themselves they go to stdout, before the document of
   * {@code --json}. Only where the caller chose no log.
   */
  static final List<String> LOG_FLAGS = List.of("-Xlog:disable", "-Xlog:all=warning:stderr");

  private static final String VECTOR_MODULE = "jdk.incubator.vector";
  private static final String LAUNCHER_PID = "score4j.launcherPid";
  private static final long WATCH_MILLIS = 200;

  private Relaunch() {}

  /** Whether this JVM lacks the Vector API. */
  static boolean needed() {
    return ModuleLayer.boot().findModule(VECTOR_MODULE).isEmpty();
  }

  /** Whether this JVM lacks what the command line needs: the Vector API, or TornadoVM. */
  static boolean needed(String[] args) {
    return needed() || tornado(args).isPresent();
  }

  /** The SDK whose flags are missing; once is enough, whatever came of it. */
  private static Optional<TornadoSdk> tornado(String[] args) {
    boolean first = System.getProperty(LAUNCHER_PID) == null && !TornadoSdk.present();
    return first && TornadoSdk.wanted(args) ? TornadoSdk.find() : Optional.empty();
  }

  /**
   * Runs {@code mainClass} in a JVM with the flags and waits for it.
   *
   * @param mainClass the class whose {@code main} was called
   * @param args its command line
   * @return the exit code of the second JVM, or 1 after one line on stderr when it cannot start
   */
  static int run(Class<?> mainClass, String[] args) {
    String javaHome = System.getProperty("java.home");
    if (ModuleFinder.ofSystem().find(VECTOR_MODULE).isEmpty()) {
      return fail(
          "the Java in "
              + javaHome
              + " has no module "
              + VECTOR_MODULE
              + "; use a full JDK 25, for example Temurin from https://adoptium.net");
    }
    ProcessBuilder builder = new ProcessBuilder(command(javaHome, mainClass, args)).inheritIO();
    // Their content is among the JVM arguments already; left in place it would apply twice.
    builder.environment().keySet().removeAll(jvmOptionVariables());
    CompletableFuture<@Nullable Process> started = new CompletableFuture<>();
    // Before the start, so that no signal can come between the two. Also runs on a normal exit,
    // when the child has ended and there is nothing to wait for.
    Runtime.getRuntime().addShutdownHook(new Thread(() -> endWith(started), "end-with-child"));
    try {
      Process child = builder.start();
      started.complete(child);
      return child.onExit().join().exitValue();
    } catch (IOException e) {
      started.complete(null);
      return fail("cannot start " + builder.command().getFirst() + ": " + e.getMessage());
    }
  }

  private static List<String> command(String javaHome, Class<?> mainClass, String[] args) {
    List<String> inherited = ManagementFactory.getRuntimeMXBean().getInputArguments();
    List<String> command = new ArrayList<>();
    command.add(Path.of(javaHome, "bin", "java").toString());
    command.addAll(inherited);
    command.addAll(JVM_FLAGS);
    tornado(args).ifPresent(sdk -> command.addAll(sdk.flags(inherited)));
    if (command.stream().noneMatch(flag -> flag.matches(ANY_COLLECTOR))) {
      command.add(COLLECTOR_FLAG);
    }
    if (inherited.stream().noneMatch(flag -> flag.matches("-Xmn.*|-XX:(Max)?NewSize=.*"))) {
      command.add(YOUNG_FLAG);
    }
    if (inherited.stream().noneMatch(flag -> flag.startsWith("-Xlog"))) {
      command.addAll(LOG_FLAGS);
    }
    command.add("-D" + LAUNCHER_PID + "=" + ProcessHandle.current().pid());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), mainClass.getName()));
    command.addAll(Arrays.asList(args));
    return command;
  }

  private static List<String> jvmOptionVariables() {
    return List.of("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS");
  }

  /** Ends this JVM with its child, however the signal came: to this process or to both. */
  private static void endWith(CompletableFuture<@Nullable Process> started) {
    Process child = started.join();
    if (child != null) {
      child.destroy();
      Runtime.getRuntime().halt(child.onExit().join().exitValue());
    }
  }

  /**
   * In the second JVM: ends it soon after the first was killed with a signal that cannot be passed
   * on. At once and without saving, as if the signal had come here: a resumed run may be next.
   */
  static void watchLauncher() {
    Long launcherPid = Long.getLong(LAUNCHER_PID);
    if (launcherPid == null) {
      return;
    }
    Thread.ofPlatform()
        .daemon()
        .name("watch-launcher")
        .start(
            () -> {
              // The parent's number and not its life: a killed parent can remain as a zombie.
              while (ProcessHandle.current().parent().map(ProcessHandle::pid).orElse(-1L)
                  == launcherPid.longValue()) {
                try {
                  Thread.sleep(WATCH_MILLIS);
                } catch (InterruptedException e) {
                  throw new IllegalStateException("nobody interrupts this thread", e);
                }
              }
              Runtime.getRuntime().halt(fail("the process that started it was killed; stopped"));
            });
  }

  private static int fail(String message) {
    System.err.println("score4j: " + message);
    return 1;
  }
}
