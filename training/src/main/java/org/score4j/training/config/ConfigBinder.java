package org.score4j.training.config;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Turns settings into records; what a record refuses gets the key's full path and its origin. */
final class ConfigBinder {
  private static final Pattern NUMBER =
      Pattern.compile("[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?");
  private static final Pattern LEADING_KEY = Pattern.compile("^[A-Za-z][A-Za-z0-9.]*");

  private final Map<String, Setting> settings;

  ConfigBinder(Map<String, Setting> settings) {
    this.settings = settings;
  }

  /** The record at {@code path}, "" for the whole config. */
  <T> T bind(Class<T> type, String path) {
    RecordComponent[] components = type.getRecordComponents();
    Object[] values = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      Class<?> valueType = components[i].getType();
      String key = path.isEmpty() ? components[i].getName() : path + "." + components[i].getName();
      values[i] = valueType.isRecord() ? bind(valueType, key) : value(valueType, key);
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
  private static String keyOf(String path, String said) {
    String prefix = path;
    while (true) {
      String key = prefix.isEmpty() ? said : prefix + "." + said;
      if (ConfigKeys.exists(key) && !ConfigKeys.isSection(key)) {
        return key;
      }
      if (prefix.isEmpty()) {
        return "";
      }
      prefix = prefix.substring(0, Math.max(0, prefix.lastIndexOf('.')));
    }
  }
}
