package org.score4j.training.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.score4j.training.config.Setting.Kind;
import org.score4j.training.settings.ConfigException;

/**
 * Reads a config: a preset of the jar or a YAML file, on top of what it extends, with the command
 * line's {@code --key=value} on top of that.
 */
public final class ConfigLoader {
  private static final String COMMAND_LINE = "command line";
  private static final String MIXTURE = "task.mixture.";

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
      Map<String, Setting> file = YamlSettings.parse(nameOrFile, false, read(Path.of(nameOrFile)));
      Setting parent = file.remove(ConfigKeys.EXTENDS);
      settings.putAll(parent == null ? preset(Presets.ROOT) : extended(parent));
      settings.putAll(file);
    } else {
      settings.putAll(preset(nameOrFile));
    }
    overrides.forEach(
        (key, value) -> settings.put(key, new Setting(value, Kind.SCALAR, COMMAND_LINE, false)));
    PhaseList phases = PhaseList.of(settings);
    validate(settings, phases.keys());
    phases.requireListed();
    phases.fillDefaults();
    RunConfig config = new ConfigBinder(settings, phases).bind(RunConfig.class, "");
    if (config.task().isText()) {
      refuseMixture(config.task().name(), settings);
    }
    return config;
  }

  private static void validate(Map<String, Setting> settings, ConfigKeys keys) {
    settings.forEach(
        (key, setting) -> {
          String origin = setting.origin();
          if (!keys.exists(key)) {
            // A scalar with keys below it, rather than a key that does not exist.
            int dot = key.lastIndexOf('.');
            String section = dot < 0 ? "" : key.substring(0, dot);
            if (keys.exists(section) && !keys.isSection(section)) {
              throw new ConfigException(
                  "%s: %s has keys below it; expected %s"
                      .formatted(origin, section, keys.expected(section)));
            }
            throw keys.unknown(origin, key);
          }
          boolean section = keys.isSection(key);
          switch (setting.kind()) {
            case SECTION -> {
              if (!section) {
                throw new ConfigException(
                    "%s: %s has keys below it; expected %s"
                        .formatted(origin, key, keys.expected(key)));
              }
            }
            case LIST -> {
              if (!keys.isList(key)) {
                throw new ConfigException(
                    "%s: %s is a list; expected %s".formatted(origin, key, keys.expected(key)));
              }
            }
            case SCALAR -> {
              if (section && origin.equals(COMMAND_LINE)) {
                throw new ConfigException(
                    "%s: %s is a section; set one of its keys, such as --%s=…"
                        .formatted(origin, key, firstKeyOf(keys, key)));
              }
              if (section && !setting.text().isEmpty()) {
                throw new ConfigException(
                    "%s: %s is \"%s\"; expected a section with keys below it"
                        .formatted(origin, key, setting.text()));
              }
            }
          }
        });
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
    Map<String, Setting> own = ownSettings(preset);
    own.remove(ConfigKeys.EXTENDS);
    return Set.copyOf(own.keySet());
  }

  private static Map<String, Setting> ownSettings(String preset) {
    return YamlSettings.parse("config " + preset, true, Presets.text(preset));
  }

  private static Map<String, Setting> preset(String name) {
    Map<String, Setting> own = ownSettings(name);
    Setting parent = own.remove(ConfigKeys.EXTENDS);
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

  private static String firstKeyOf(ConfigKeys keys, String section) {
    List<String> below =
        keys.all().stream()
            .filter(key -> key.startsWith(section + ".") && !keys.isSection(key))
            .toList();
    // What is set most is the number of steps.
    String steps = section + ".steps";
    return below.contains(steps) ? steps : below.getFirst();
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
