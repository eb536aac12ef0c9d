package org.score4j.training.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.score4j.training.config.Setting.Kind;
import org.score4j.training.settings.ConfigException;

/**
 * A config file as a flat list of keys ({@code stage2.alpha}) with the line of each. Values stay
 * text until their record component says what they must be, so that {@code 1e-3} and a quoted
 * number mean what they look like. Which keys there are is asked later, when the phases are known.
 *
 * <p>The list {@code phases} has names of phases, or sections with a {@code name}; the keys of such
 * a section are those of a section of that name.
 */
final class YamlSettings {
  private static final String NAME = "name";

  private final String source;
  private final boolean ours;
  private final YAMLParser parser;
  private final Map<String, Setting> settings = new LinkedHashMap<>();

  private YamlSettings(String source, boolean ours, YAMLParser parser) {
    this.source = source;
    this.ours = ours;
    this.parser = parser;
  }

  /**
   * The keys of {@code text}.
   *
   * @param source names it in messages
   * @param ours whether score4j brings it along
   */
  static Map<String, Setting> parse(String source, boolean ours, String text) {
    try (YAMLParser parser = new YAMLFactory().createParser(text)) {
      YamlSettings yaml = new YamlSettings(source, ours, parser);
      yaml.document();
      return yaml.settings;
    } catch (JsonProcessingException e) {
      throw new ConfigException(
          "%s line %d: not valid YAML: %s"
              .formatted(
                  source,
                  e.getLocation() == null ? 1 : e.getLocation().getLineNr(),
                  firstLine(e.getOriginalMessage())));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot parse " + source, e);
    }
  }

  private static String firstLine(@Nullable String message) {
    return message == null ? "no reason given" : message.lines().findFirst().orElse("");
  }

  private void document() throws IOException {
    JsonToken first = parser.nextToken();
    if (first == null || first == JsonToken.VALUE_NULL) {
      return;
    }
    if (first != JsonToken.START_OBJECT) {
      throw new ConfigException(here() + ": expected keys with values, such as seed: 1");
    }
    section("", settings);
    if (parser.nextToken() != null) {
      throw new ConfigException(here() + ": a second document begins; a config is one document");
    }
  }

  private void section(String prefix, Map<String, Setting> into) throws IOException {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = prefix + parser.currentName();
      String origin = here();
      JsonToken token = parser.nextToken();
      refuseAlias(origin);
      if (token == JsonToken.START_OBJECT) {
        put(into, key, new Setting("", Kind.SECTION, origin, ours));
        section(key + ".", into);
      } else if (token == JsonToken.START_ARRAY) {
        List<String> elements = key.equals(ConfigKeys.PHASES) ? phases() : scalars(key, origin);
        put(into, key, new Setting(String.join(",", elements), Kind.LIST, origin, ours));
      } else {
        String text = token == JsonToken.VALUE_NULL ? "" : parser.getText();
        put(into, key, new Setting(text, Kind.SCALAR, origin, ours));
      }
    }
  }

  /** A section may be written in parts; a value is written once. */
  private static void put(Map<String, Setting> into, String key, Setting setting) {
    Setting before = into.putIfAbsent(key, setting);
    if (before != null && !(before.kind() == Kind.SECTION && setting.kind() == Kind.SECTION)) {
      throw new ConfigException(
          "%s: %s was set before, in %s; keep one of them"
              .formatted(setting.origin(), key, before.origin()));
    }
  }

  private List<String> scalars(String key, String origin) throws IOException {
    List<String> elements = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      refuseAlias(origin);
      if (!parser.currentToken().isScalarValue() || parser.getText().contains(",")) {
        throw new ConfigException(
            "%s: %s has an element that is no plain value; list texts or numbers without commas"
                .formatted(here(), key));
      }
      elements.add(parser.getText().strip());
    }
    return elements;
  }

  /** The names of the listed phases; the keys of those written out go to the settings. */
  private List<String> phases() throws IOException {
    List<String> names = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      String origin = here();
      refuseAlias(origin);
      if (parser.currentToken() == JsonToken.START_OBJECT) {
        Map<String, Setting> keys = new LinkedHashMap<>();
        section("", keys);
        Setting name = keys.remove(NAME);
        if (name == null || name.kind() != Kind.SCALAR) {
          throw new ConfigException(
              origin + ": a phase without a name; give it one, such as name: stage2");
        }
        names.add(name.text().strip());
        put(settings, name.text().strip(), new Setting("", Kind.SECTION, name.origin(), ours));
        keys.forEach((key, setting) -> put(settings, name.text().strip() + "." + key, setting));
      } else if (parser.currentToken().isScalarValue()) {
        names.add(parser.getText().strip());
      } else {
        throw new ConfigException(
            origin + ": an element of phases is a list; expected a name, or keys with values");
      }
    }
    return names;
  }

  private void refuseAlias(String origin) throws IOException {
    if (parser.isCurrentAlias()) {
      throw new ConfigException(origin + ": YAML aliases are not read; write the value out");
    }
  }

  private String here() {
    return source + " line " + Math.max(1, parser.currentTokenLocation().getLineNr());
  }
}
