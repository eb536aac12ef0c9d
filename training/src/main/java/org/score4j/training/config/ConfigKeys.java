package org.score4j.training.config;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Every key there is, with its type, as the records of the config say. */
final class ConfigKeys {
  private static final Map<String, Class<?>> TYPES = new LinkedHashMap<>();

  static {
    collect(RunConfig.class, "");
  }

  private ConfigKeys() {}

  private static void collect(Class<?> type, String prefix) {
    for (RecordComponent component : type.getRecordComponents()) {
      String key = prefix + component.getName();
      TYPES.put(key, component.getType());
      if (component.getType().isRecord()) {
        collect(component.getType(), key + ".");
      }
    }
  }

  /** All keys, sections included, in the order of the records. */
  static List<String> all() {
    return List.copyOf(TYPES.keySet());
  }

  static boolean exists(String key) {
    return TYPES.containsKey(key);
  }

  static boolean isSection(String key) {
    Class<?> type = TYPES.get(key);
    return type != null && type.isRecord();
  }

  /** What a value of this key must be, in words. */
  static String expected(String key) {
    Class<?> type = TYPES.get(key);
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
      default -> "a section";
    };
  }

  /** The error for a key that does not exist, naming the nearest that do. */
  static ConfigException unknown(String origin, String key) {
    return new ConfigException(
        "%s: unknown key %s; did you mean %s?"
            .formatted(origin, key, String.join(" or ", nearest(key))));
  }

  /** The nearest keys, at most three; a key without a dot may also be meant without its section. */
  static List<String> nearest(String unknown) {
    List<String> best = new ArrayList<>();
    double least = Double.POSITIVE_INFINITY;
    for (String key : TYPES.keySet()) {
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
