package org.score4j.training.config;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import org.score4j.training.settings.ConfigException;

/** The configs in the jar. {@code score} is complete, the others say what differs from it. */
public final class Presets {
  /** The complete config that every other one extends in the end. */
  public static final String ROOT = "score";

  private static final List<String> NAMES =
      List.of(ROOT, "naive", "no-stage1", "no-shaping", "single-turn", "three-turn");

  // Methods that differ from SCoRe in one thing, and are compared with it at equal steps.
  private static final List<String> ARMS = NAMES.subList(0, 5);

  private Presets() {}

  /** All names, the paper's method first. */
  public static List<String> names() {
    return NAMES;
  }

  /** Names of those that the demo compares with one another, the paper's method first. */
  public static List<String> arms() {
    return ARMS;
  }

  /** The YAML text of one, comments included. */
  public static String text(String name) {
    if (!NAMES.contains(name)) {
      throw new ConfigException(
          "no config named \"%s\"; choose one of %s, or give a file that ends in .yaml"
              .formatted(name, String.join(", ", NAMES)));
    }
    String resource = "/configs/" + name + ".yaml";
    try (InputStream in = Presets.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException(
            "the jar lacks " + resource + "; build it again with mvn package");
      }
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + resource + " in the jar", e);
    }
  }

  /** What it is for: the comment in its first line. */
  public static String description(String name) {
    String text = text(name);
    return text.substring(0, text.indexOf('\n')).replaceFirst("^#\\s*", "").strip();
  }
}
