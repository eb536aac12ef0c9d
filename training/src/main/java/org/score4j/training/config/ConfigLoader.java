package org.score4j.training.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Reads a config: a preset of the jar or a YAML file, on top of what it extends, with the command
 * line's {@code --key=value} on top of that.
 */
public final class ConfigLoader {
  private static final String COMMAND_LINE = "command line";
  private static final String MIXTURE = "base.mixture.";

  private ConfigLoader() {}

  /**
   * The config.
   *
   * @param nameOrFile name of a preset, or a file that ends in .yaml or .yml; a file builds on the
   *     preset it {@code extends}, or else on {@code score}
   * @param overrides values by full key, {@code stage2.alpha} → {@code 5}
   */
  public static RunConfig load(String nameOrFile, Map<String, String> overrides) {
    Map<String, Setting> settings = new LinkedHashMap<>();
    if (nameOrFile.endsWith(".yaml") || nameOrFile.endsWith(".yml")) {
      Map<String, Setting> file = YamlSettings.parse(nameOrFile, read(Path.of(nameOrFile)));
      Setting parent = file.remove(YamlSettings.EXTENDS);
      settings.putAll(parent == null ? preset(Presets.ROOT) : extended(parent));
      settings.putAll(file);
    } else {
      settings.putAll(preset(nameOrFile));
    }
    overrides.forEach(
        (key, value) -> {
          if (!ConfigKeys.exists(key)) {
            throw ConfigKeys.unknown(COMMAND_LINE, key);
          }
          if (ConfigKeys.isSection(key)) {
            throw new ConfigException(
                "%s: %s is a section; set one of its keys, such as --%s=…"
                    .formatted(COMMAND_LINE, key, firstKeyOf(key)));
          }
          settings.put(key, new Setting(value, COMMAND_LINE));
        });
    RunConfig config = new ConfigBinder(settings).bind(RunConfig.class, "");
    if (config.task().isText()) {
      refuseMixture(config.task().name(), settings);
    }
    return config;
  }

  /** The mixture draws chain arithmetic; on text a value of one's own would change nothing. */
  private static void refuseMixture(String task, Map<String, Setting> settings) {
    preset(Presets.ROOT)
        .forEach(
            (key, own) -> {
              Setting setting = settings.getOrDefault(key, own);
              if (key.startsWith(MIXTURE)
                  && Double.parseDouble(setting.text()) != Double.parseDouble(own.text())) {
                throw new ConfigException(
                    "%s: %s is %s, but task.name is %s; the mixture is that of chain-arithmetic and does nothing on text, leave the key out or at %s"
                        .formatted(setting.origin(), key, setting.text(), task, own.text()));
              }
            });
  }

  /** The keys that a preset itself sets: what it differs in from the one it extends. */
  public static Set<String> ownKeys(String preset) {
    Map<String, Setting> own = YamlSettings.parse("config " + preset, Presets.text(preset));
    own.remove(YamlSettings.EXTENDS);
    return Set.copyOf(own.keySet());
  }

  private static Map<String, Setting> preset(String name) {
    Map<String, Setting> own = YamlSettings.parse("config " + name, Presets.text(name));
    Setting parent = own.remove(YamlSettings.EXTENDS);
    Map<String, Setting> settings =
        parent == null ? new LinkedHashMap<>() : new LinkedHashMap<>(preset(parent.text()));
    settings.putAll(own);
    return settings;
  }

  private static Map<String, Setting> extended(Setting parent) {
    if (!Presets.names().contains(parent.text())) {
      throw new ConfigException(
          "%s: extends is \"%s\"; choose one of %s"
              .formatted(parent.origin(), parent.text(), String.join(", ", Presets.names())));
    }
    return preset(parent.text());
  }

  private static String firstKeyOf(String section) {
    return ConfigKeys.all().stream()
        .filter(key -> key.startsWith(section + ".") && !ConfigKeys.isSection(key))
        .findFirst()
        .orElse(section);
  }

  private static String read(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new ConfigException(
          "no config file %s; check the path, or name one of %s"
              .formatted(file, String.join(", ", Presets.names())));
    }
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new ConfigException(
          "cannot read config file %s: %s; it must be readable UTF-8 text"
              .formatted(file, e.getMessage() == null ? e.toString() : e.getMessage()));
    }
  }
}
