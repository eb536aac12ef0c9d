package org.score4j.training.config;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.score4j.training.algorithms.Algorithms;
import org.score4j.training.settings.ConfigException;

/**
 * Every key there is, with its type, as the records of the config say. Those of a phase are below
 * its name, and depend on its algorithm.
 */
final class ConfigKeys {
  /** The list of phases. */
  static final String PHASES = "phases";

  /** The key that names what a file or a phase builds on. */
  static final String EXTENDS = "extends";

  private static final Map<String, Class<?>> OUTSIDE_PHASES = new LinkedHashMap<>();

  static {
    collect(RunConfig.class, "", OUTSIDE_PHASES);
  }

  private final Map<String, Class<?>> types = new LinkedHashMap<>();

  /**
   * The keys of a config with these phases.
   *
   * @param algorithms by name of the phase
   */
  ConfigKeys(Map<String, String> algorithms) {
    OUTSIDE_PHASES.forEach(
        (key, type) -> {
          types.put(key, type);
          if (key.equals(PHASES)) {
            algorithms.forEach(this::addPhase);
          }
        });
  }

  private void addPhase(String phase, String algorithm) {
    // A phase is written as a section, or in the list.
    types.put(phase, PhaseConfig.class);
    for (String key : List.of("algorithm", "from", "reference", EXTENDS)) {
      types.put(phase + "." + key, String.class);
    }
    collect(Algorithms.byName(algorithm).settingsType(), phase + ".", types);
  }

  private static void collect(Class<?> type, String prefix, Map<String, Class<?>> types) {
    for (RecordComponent component : type.getRecordComponents()) {
      String key = prefix + component.getName();
      types.put(key, component.getType());
      if (component.getType().isRecord()) {
        collect(component.getType(), key + ".", types);
      }
    }
  }

  /** Whether a name at the top of a config has a meaning of its own, and cannot be a phase. */
  static boolean isOutsidePhases(String name) {
    return name.equals(EXTENDS) || OUTSIDE_PHASES.containsKey(name);
  }

  /** All keys, sections included, in the order of the records. */
  List<String> all() {
    return List.copyOf(types.keySet());
  }

  boolean exists(String key) {
    return types.containsKey(key);
  }

  boolean isSection(String key) {
    Class<?> type = types.get(key);
    return type != null && type.isRecord();
  }

  boolean isList(String key) {
    return types.get(key) == List.class;
  }

  /** What a value of this key must be, in words. */
  String expected(String key) {
    Class<?> type = types.get(key);
    if (type == null) {
      throw new IllegalArgumentException("no key " + key);
    }
    return expected(type);
  }

  static String expected(Class<?> type) {
    return switch (type.getName()) {
      case "int" -> "a whole number";
      case "long" -> "a whole number of 64 bits";
      case "double" -> "a number";
      case "boolean" -> "true or false";
      case "java.lang.String" -> "text";
      case "java.util.List" -> "a list";
      default -> "a section";
    };
  }

  /** The error for a key that does not exist, naming the nearest that do. */
  ConfigException unknown(String origin, String key) {
    return new ConfigException(
        "%s: unknown key %s; did you mean %s?"
            .formatted(origin, key, String.join(" or ", nearest(key))));
  }

  /** The nearest keys, at most three; a key without a dot may also be meant without its section. */
  List<String> nearest(String unknown) {
    List<String> best = new ArrayList<>();
    double least = Double.POSITIVE_INFINITY;
    for (String key : types.keySet()) {
      double distance = editDistance(unknown, key);
      if (unknown.indexOf('.') < 0) {
        String last = key.substring(key.lastIndexOf('.') + 1);
        distance = Math.min(distance, editDistance(unknown, last) + (last.equals(key) ? 0 : 0.5));
      }
      if (distance < least) {
        least = distance;
        best.clear();
      }
      if (distance == least && best.size() < 3) {
        best.add(key);
      }
    }
    return best;
  }

  /** Insertions, deletions, replacements and swaps of neighbours, upper and lower case alike. */
  private static int editDistance(String left, String right) {
    String a = left.toLowerCase(Locale.ROOT);
    String b = right.toLowerCase(Locale.ROOT);
    int[][] d = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          d[i][j] = i + j;
          continue;
        }
        int replaced = d[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        d[i][j] = Math.min(replaced, 1 + Math.min(d[i - 1][j], d[i][j - 1]));
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
        }
      }
    }
    return d[a.length()][b.length()];
  }
}
