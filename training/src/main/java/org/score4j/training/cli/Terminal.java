package org.score4j.training.cli;

import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Where progress goes.
 *
 * @param out the stream, stderr
 * @param live whether lines may be redrawn in place
 * @param colour whether colours may be used
 * @param columns width in characters
 */
record Terminal(PrintStream out, boolean live, boolean colour, int columns) {
  private static final int DEFAULT_COLUMNS = 80;
  private static final long ASK_SECONDS = 2;

  /**
   * The terminal behind stderr. Plain text when stdout or stderr is no terminal or it can do
   * nothing (TERM=dumb); no colours where NO_COLOR is set.
   */
  static Terminal ofStderr() {
    Map<String, String> environment = System.getenv();
    boolean live = isTerminal() && !"dumb".equals(environment.get("TERM"));
    boolean colour = live && environment.getOrDefault("NO_COLOR", "").isEmpty();
    return new Terminal(
        new PrintStream(System.err, true, StandardCharsets.UTF_8),
        live,
        colour,
        live ? columns(environment) : DEFAULT_COLUMNS);
  }

  /** System.console() knows of stdin and stdout only, so the shell is asked. */
  private static boolean isTerminal() {
    return succeeds(new ProcessBuilder("sh", "-c", "test -t 1 && test -t 2").inheritIO());
  }

  /** Whether stdin is one, too. */
  static boolean isStdin() {
    return succeeds(new ProcessBuilder("sh", "-c", "test -t 0").inheritIO());
  }

  private static int columns(Map<String, String> environment) {
    String columns = environment.getOrDefault("COLUMNS", "");
    if (!columns.matches("\\d{1,5}")) {
      columns = sizeOfTerminal().replaceFirst("^\\d+ ", "");
    }
    int width = columns.matches("\\d{1,5}") ? Integer.parseInt(columns) : 0;
    return width > 0 ? width : DEFAULT_COLUMNS;
  }

  private static boolean succeeds(ProcessBuilder builder) {
    try {
      Process process = builder.start();
      return process.waitFor(ASK_SECONDS, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException e) {
      // Without a shell nobody can tell: plain text is always right.
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Rows and columns, or nothing where {@code stty} cannot tell. */
  private static String sizeOfTerminal() {
    try {
      Process stty =
          new ProcessBuilder("stty", "size")
              .redirectInput(new File("/dev/tty"))
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      return new String(stty.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      return "";
    }
  }
}
