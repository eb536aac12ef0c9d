package org.score4j.training.cli;

import java.io.PrintStream;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.score4j.training.run.RunListener;

/**
 * Ctrl-C, SIGTERM and SIGHUP, which a closed terminal sends, ask the run to save and leave; a
 * second Ctrl-C ends the JVM at once. Under {@code nohup} the JVM goes on ignoring SIGHUP.
 *
 * <p>A shutdown hook cannot tell a second Ctrl-C from the first, so {@code sun.misc.Signal} is
 * used, through reflection because javac's warning about it cannot be switched off under -Werror.
 */
final class StopSignal implements BooleanSupplier, AutoCloseable {
  /** 128 + SIGINT. */
  static final int EXIT_CODE = 130;

  /** 128 + the signal: what a shell shows. */
  private static final Map<String, Integer> EXIT_CODES =
      Map.of("INT", EXIT_CODE, "TERM", 143, "HUP", 129);

  private record Installed(Object signal, Object previous) {}

  private final PrintStream err;
  private final List<Installed> installed = new ArrayList<>();
  private final AtomicInteger interrupts = new AtomicInteger();
  private volatile int exitCode;

  /** Not yet listening. */
  StopSignal(PrintStream err) {
    this.err = err;
  }

  /** Begins to listen; where this JVM has no signals a notice says what Ctrl-C does then. */
  void install(RunListener listener) {
    try {
      Class<?> signalClass = Class.forName("sun.misc.Signal");
      Class<?> handlerClass = Class.forName("sun.misc.SignalHandler");
      Object handler =
          Proxy.newProxyInstance(
              handlerClass.getClassLoader(),
              new Class<?>[] {handlerClass},
              (proxy, method, arguments) ->
                  switch (method.getName()) {
                    case "handle" -> {
                      received(String.valueOf(arguments[0]));
                      yield null;
                    }
                    case "toString" -> "score4j's signal handler";
                    default -> throw new UnsupportedOperationException(method.getName());
                  });
      for (String name : EXIT_CODES.keySet()) {
        Object signal = signalClass.getConstructor(String.class).newInstance(name);
        Object previous =
            signalClass
                .getMethod("handle", signalClass, handlerClass)
                .invoke(null, signal, handler);
        installed.add(new Installed(signal, previous));
      }
    } catch (ReflectiveOperationException e) {
      listener.notice(
          "warning: this Java passes no signals on ("
              + e
              + "); Ctrl-C ends the run without saving");
    }
  }

  /** SIGINT, SIGTERM or SIGHUP; a launcher may send two for one Ctrl-C. */
  void received(String signal) {
    boolean interrupt = signal.endsWith("INT");
    if (interrupt) {
      if (interrupts.incrementAndGet() > 1) {
        Runtime.getRuntime().halt(EXIT_CODE);
      }
    }
    boolean first = exitCode == 0;
    if (first || interrupt) {
      exitCode = Objects.requireNonNull(EXIT_CODES.get(signal.replace("SIG", "")), signal);
    }
    if (first) {
      err.println();
      err.println("score4j: stopping after this step to save; Ctrl-C again quits at once");
    }
  }

  @Override
  public boolean getAsBoolean() {
    return exitCode != 0;
  }

  /** What to exit with after a stop. */
  int exitCode() {
    return exitCode;
  }

  @Override
  public void close() {
    try {
      Class<?> signalClass = Class.forName("sun.misc.Signal");
      Class<?> handlerClass = Class.forName("sun.misc.SignalHandler");
      for (Installed one : installed) {
        signalClass
            .getMethod("handle", signalClass, handlerClass)
            .invoke(null, one.signal(), one.previous());
      }
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("signals were installed but cannot be given back", e);
    }
  }
}
