package org.score4j.training.config;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.score4j.training.algorithms.Algorithms;
import org.score4j.training.algorithms.PhaseSettings;
import org.score4j.training.settings.ConfigException;

/** Turns settings into records; what a record refuses gets the key's full path and its origin. */
final class ConfigBinder {
  private static final Pattern NUMBER =
      Pattern.compile("[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?");
  private static final Pattern LEADING_KEY = Pattern.compile("^[A-Za-z][A-Za-z0-9.]*");

  private final Map<String, Setting> settings;
  private final PhaseList phases;
  private final ConfigKeys keys;

  /** Of settings in which every key has a value. */
  ConfigBinder(Map<String, Setting> settings, PhaseList phases) {
    this.settings = settings;
    this.phases = phases;
    this.keys = phases.keys();
  }

  /** The record at {@code path}, "" for the whole config. */
  <T> T bind(Class<T> type, String path) {
    RecordComponent[] components = type.getRecordComponents();
    Object[] values = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      Class<?> valueType = components[i].getType();
      String key = path.isEmpty() ? components[i].getName() : path + "." + components[i].getName();
      if (key.equals(ConfigKeys.PHASES)) {
        values[i] = phases.listed().stream().map(this::phase).toList();
      } else {
        values[i] = valueType.isRecord() ? bind(valueType, key) : value(valueType, key);
      }
    }
    Class<?>[] types =
        Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    try {
      Constructor<T> constructor = type.getDeclaredConstructor(types);
      return constructor.newInstance(values);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof IllegalArgumentException refused) {
        throw placed(path, String.valueOf(refused.getMessage()));
      }
      throw new IllegalStateException("cannot build " + type, e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot build " + type, e);
    }
  }

  private PhaseConfig phase(String name) {
    String algorithm = text(name + ".algorithm");
    PhaseSettings own = bind(Algorithms.byName(algorithm).settingsType(), name);
    try {
      return new PhaseConfig(name, algorithm, text(name + ".from"), text(name + ".reference"), own);
    } catch (IllegalArgumentException e) {
      throw placed(name, String.valueOf(e.getMessage()));
    }
  }

  private String text(String key) {
    return (String) value(String.class, key);
  }

  private Object value(Class<?> type, String key) {
    Setting setting = settings.get(key);
    if (setting == null) {
      throw new ConfigException(
          "%s is missing; expected %s".formatted(key, ConfigKeys.expected(type)));
    }
    String text = setting.text();
    try {
      switch (type.getName()) {
        case "int" -> {
          return Integer.parseInt(text);
        }
        case "long" -> {
          return Long.parseLong(text);
        }
        case "double" -> {
          if (NUMBER.matcher(text).matches()) {
            return Double.parseDouble(text);
          }
        }
        case "boolean" -> {
          if (text.equals("true") || text.equals("false")) {
            return text.equals("true");
          }
        }
        case "java.lang.String" -> {
          return text;
        }
        case "java.util.List" -> {
          return text.isEmpty()
              ? List.of()
              : Arrays.stream(text.split(",", -1)).map(String::strip).toList();
        }
        default -> throw new IllegalStateException("no config value can be a " + type);
      }
    } catch (NumberFormatException e) {
      throw illTyped(setting, key, type);
    }
    throw illTyped(setting, key, type);
  }

  private static ConfigException illTyped(Setting setting, String key, Class<?> type) {
    return new ConfigException(
        "%s: %s is \"%s\"; expected %s"
            .formatted(setting.origin(), key, setting.text(), ConfigKeys.expected(type)));
  }

  /**
   * Records name the key in their own words ({@code steps is -1}, {@code base.steps is -1}): the
   * section is put in front as far as it is not there, and the origin before it.
   */
  private ConfigException placed(String path, String message) {
    Matcher matcher = LEADING_KEY.matcher(message);
    if (matcher.find()) {
      String said = matcher.group();
      while (true) {
        String key = keyOf(path, said);
        if (!key.isEmpty()) {
          Setting setting = settings.get(key);
          String origin = setting == null ? "" : setting.origin() + ": ";
          return new ConfigException(origin + key + message.substring(matcher.end()));
        }
        // A record that is used elsewhere too may say mixture.slip, or only slip.
        int dot = said.indexOf('.');
        if (dot < 0) {
          break;
        }
        said = said.substring(dot + 1);
      }
    }
    return new ConfigException(path.isEmpty() ? message : path + ": " + message);
  }

  /** The longest section of {@code path} that has the key {@code said}, or "" where none has. */
  private String keyOf(String path, String said) {
    String prefix = path;
    while (true) {
      String key = prefix.isEmpty() ? said : prefix + "." + said;
      if (keys.exists(key) && !keys.isSection(key)) {
        return key;
      }
      if (prefix.isEmpty()) {
        return "";
      }
      prefix = prefix.substring(0, Math.max(0, prefix.lastIndexOf('.')));
    }
  }
}
