package org.score4j.training.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A terminal as small as it gets: what would be on the screen after everything printed so far. */
final class Screen {
  private static final Pattern CONTROL =
      Pattern.compile("\u001b\\[(\\d*)([A-Za-z])|\r|\n|[^\u001b\r\n]+");

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(bytes, true, UTF_8);

  Terminal live(boolean colour, int columns) {
    return new Terminal(out, true, colour, columns);
  }

  PrintStream out() {
    return out;
  }

  String raw() {
    return bytes.toString(UTF_8);
  }

  /** The lines on the screen, without colours. */
  List<String> lines() {
    List<StringBuilder> lines = new ArrayList<>(List.of(new StringBuilder()));
    int row = 0;
    int column = 0;
    Matcher matcher = CONTROL.matcher(raw());
    while (matcher.find()) {
      String token = matcher.group();
      if (token.equals("\r")) {
        column = 0;
      } else if (token.equals("\n")) {
        row++;
        column = 0;
        if (row == lines.size()) {
          lines.add(new StringBuilder());
        }
      } else if (token.startsWith("\u001b")) {
        switch (matcher.group(2)) {
          case "A" -> row -= Integer.parseInt(matcher.group(1));
          case "K" -> lines.get(row).setLength(Math.min(column, lines.get(row).length()));
          case "J" -> {
            lines.get(row).setLength(Math.min(column, lines.get(row).length()));
            while (lines.size() > row + 1) {
              lines.removeLast();
            }
          }
          case "m" -> {}
          default -> throw new AssertionError("unexpected control sequence " + matcher.group(2));
        }
      } else {
        StringBuilder line = lines.get(row);
        line.replace(column, Math.min(line.length(), column + token.length()), token);
        column += token.length();
      }
    }
    return lines.stream().map(StringBuilder::toString).toList();
  }
}
