package org.score4j.training.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.score4j.training.algorithms.Algorithms;
import org.score4j.training.settings.ConfigException;

/**
 * The phases of a config that is being read: which there are, which are listed, and what their
 * algorithms and the phases they extend give them where nothing is written.
 */
final class PhaseList {
  private static final String ALGORITHM = ".algorithm";

  private final Map<String, Setting> settings;
  private final List<String> listed;
  private final Map<String, String> algorithms;
  private final ConfigKeys keys;

  private PhaseList(
      Map<String, Setting> settings, List<String> listed, Map<String, String> algorithms) {
    this.settings = settings;
    this.listed = listed;
    this.algorithms = algorithms;
    this.keys = new ConfigKeys(algorithms);
  }

  /** Those of {@code settings}, which it goes on to change. */
  static PhaseList of(Map<String, Setting> settings) {
    Setting list = settings.get(ConfigKeys.PHASES);
    if (list == null) {
      throw new ConfigException(
          "phases is missing; list the phases of the run, such as phases: [base, stage1, stage2]");
    }
    List<String> listed = new ArrayList<>();
    for (String name : list.text().split(",", -1)) {
      try {
        PhaseConfig.requireName(name.strip());
      } catch (ConfigException e) {
        throw new ConfigException(list.origin() + ": " + e.getMessage());
      }
      if (listed.contains(name.strip())) {
        throw new ConfigException(
            "%s: phases lists %s twice; a phase has a name of its own"
                .formatted(list.origin(), name.strip()));
      }
      listed.add(name.strip());
    }
    Set<String> all = new LinkedHashSet<>(listed);
    settings.keySet().stream()
        .filter(key -> key.endsWith(ALGORITHM) && key.indexOf('.') == key.lastIndexOf('.'))
        .map(key -> key.substring(0, key.length() - ALGORITHM.length()))
        .forEach(all::add);
    Map<String, String> algorithms = new LinkedHashMap<>();
    for (String phase : all) {
      algorithms.put(phase, algorithmOf(settings, phase, list, new LinkedHashSet<>()));
    }
    PhaseList phases = new PhaseList(settings, listed, algorithms);
    phases.dropKeysOfOtherAlgorithms();
    return phases;
  }

  private static String algorithmOf(
      Map<String, Setting> settings, String phase, Setting list, Set<String> seen) {
    Setting own = settings.get(phase + ALGORITHM);
    if (own != null) {
      try {
        return Algorithms.byName(own.text()).name();
      } catch (IllegalArgumentException e) {
        throw new ConfigException("%s: %s.%s".formatted(own.origin(), phase, e.getMessage()));
      }
    }
    Setting parent = settings.get(phase + "." + ConfigKeys.EXTENDS);
    if (parent == null) {
      throw new ConfigException(
          "%s: phase %s has no algorithm; set %s.algorithm to one of %s, or list another of the phases"
              .formatted(list.origin(), phase, phase, String.join(", ", Algorithms.names())));
    }
    if (!seen.add(phase)) {
      throw new ConfigException(
          "%s: phase %s extends itself; name another phase".formatted(parent.origin(), phase));
    }
    return algorithmOf(settings, parent.text(), parent, seen);
  }

  /** Where a phase of ours was given another algorithm, our keys of the old one go. */
  private void dropKeysOfOtherAlgorithms() {
    settings
        .entrySet()
        .removeIf(
            entry ->
                entry.getValue().ours()
                    && !keys.exists(entry.getKey())
                    && algorithms.keySet().stream()
                        .anyMatch(phase -> entry.getKey().startsWith(phase + ".")));
  }

  /** The keys of the config. */
  ConfigKeys keys() {
    return keys;
  }

  /** Names in order. */
  List<String> listed() {
    return List.copyOf(listed);
  }

  /** Refuses what somebody has set for a phase that is not in the list and that none extends. */
  void requireListed() {
    Set<String> read = new LinkedHashSet<>(listed);
    for (String phase : listed) {
      Setting parent = settings.get(phase + "." + ConfigKeys.EXTENDS);
      while (parent != null && read.add(parent.text())) {
        parent = settings.get(parent.text() + "." + ConfigKeys.EXTENDS);
      }
    }
    settings.forEach(
        (key, setting) -> {
          String phase = key.substring(0, Math.max(0, key.indexOf('.')));
          if (!setting.ours() && algorithms.containsKey(phase) && !read.contains(phase)) {
            throw new ConfigException(
                "%s: %s is set, but phases lists only %s; add %s to the list or leave the key out"
                    .formatted(setting.origin(), key, String.join(", ", listed), phase));
          }
        });
  }

  /** Gives every listed phase a value for every key. */
  void fillDefaults() {
    listed.forEach(phase -> fill(phase, new LinkedHashSet<>()));
  }

  private void fill(String phase, Set<String> seen) {
    Setting parent = settings.get(phase + "." + ConfigKeys.EXTENDS);
    if (parent != null) {
      String other = parent.text();
      if (!seen.add(phase)) {
        throw new ConfigException(
            "%s: phase %s extends itself; name another phase".formatted(parent.origin(), phase));
      }
      if (!algorithms.containsKey(other) || !algorithms.get(other).equals(algorithms.get(phase))) {
        throw new ConfigException(
            "%s: %s.extends is %s, which is no phase of algorithm %s"
                .formatted(parent.origin(), phase, other, algorithms.get(phase)));
      }
      fill(other, seen);
      Map.copyOf(settings)
          .forEach(
              (key, setting) -> {
                if (key.startsWith(other + ".") && !key.equals(other + "." + ConfigKeys.EXTENDS)) {
                  settings.putIfAbsent(phase + key.substring(other.length()), setting);
                }
              });
    }
    String algorithm = Objects.requireNonNull(algorithms.get(phase), phase);
    String source = "algorithm " + algorithm;
    YamlSettings.parse(source, true, Algorithms.byName(algorithm).defaults())
        .forEach((key, setting) -> settings.putIfAbsent(phase + "." + key, setting));
    fill(phase + ALGORITHM, algorithm, source);
    fill(phase + ".from", PhaseConfig.PREVIOUS, source);
    boolean reference = Algorithms.byName(algorithm).usesReference();
    fill(phase + ".reference", reference ? PhaseConfig.START : "", source);
  }

  private void fill(String key, String text, String source) {
    settings.putIfAbsent(key, new Setting(text, Setting.Kind.SCALAR, source, true));
  }
}
