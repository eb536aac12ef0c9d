package org.score4j.training.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Another program that does the same work, run by the shell in turns with ours. Its last {@code
 * tokens/s NUMBER} on stdout is its figure.
 *
 * @param command for {@code sh -c}
 */
public record Rival(String command) {
  private static final Pattern FIGURE = Pattern.compile("tokens/s[ =:]+([0-9.]+)");

  /** Runs it once; tokens per second. */
  public double tokensPerSecond() {
    try {
      Process process =
          new ProcessBuilder(List.of("sh", "-c", command))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int code = process.waitFor();
      Matcher matcher = FIGURE.matcher(out);
      double figure = -1;
      while (matcher.find()) {
        figure = Double.parseDouble(matcher.group(1));
      }
      if (code != 0 || figure <= 0) {
        throw new IllegalArgumentException(
            "bench: '%s' ended with exit code %d and printed no \"tokens/s NUMBER\"; run it by itself to see why"
                .formatted(command, code));
      }
      return figure;
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "bench: cannot run '%s': %s".formatted(command, e.getMessage()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalArgumentException("bench: interrupted while '" + command + "' ran", e);
    }
  }
}
