package org.score4j.training.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A config file as a flat list of keys ({@code stage2.alpha}) with the line of each. Values stay
 * text until their record component says what they must be, so that {@code 1e-3} and a quoted
 * number mean what they look like.
 */
final class YamlSettings {
  /** The key that names the config a file builds on. */
  static final String EXTENDS = "extends";

  private final String source;
  private final YAMLParser parser;
  private final Map<String, Setting> settings = new LinkedHashMap<>();

  private YamlSettings(String source, YAMLParser parser) {
    this.source = source;
    this.parser = parser;
  }

  /** The keys of {@code text}; {@code source} names it in messages. */
  static Map<String, Setting> parse(String source, String text) {
    try (YAMLParser parser = new YAMLFactory().createParser(text)) {
      YamlSettings yaml = new YamlSettings(source, parser);
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
    section("");
    if (parser.nextToken() != null) {
      throw new ConfigException(here() + ": a second document begins; a config is one document");
    }
  }

  private void section(String prefix) throws IOException {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = prefix + parser.currentName();
      String origin = here();
      boolean known = ConfigKeys.exists(key) || key.equals(EXTENDS);
      if (!known) {
        throw ConfigKeys.unknown(origin, key);
      }
      JsonToken token = parser.nextToken();
      if (parser.isCurrentAlias()) {
        throw new ConfigException(origin + ": YAML aliases are not read; write the value out");
      }
      if (token == JsonToken.START_OBJECT) {
        if (!ConfigKeys.isSection(key)) {
          throw new ConfigException(
              "%s: %s has keys below it; expected %s".formatted(origin, key, expected(key)));
        }
        section(key + ".");
      } else if (token == JsonToken.START_ARRAY) {
        throw new ConfigException(
            "%s: %s is a list; expected %s".formatted(origin, key, expected(key)));
      } else if (!ConfigKeys.isSection(key)) {
        String text = token == JsonToken.VALUE_NULL ? "" : parser.getText();
        Setting before = settings.put(key, new Setting(text, origin));
        if (before != null) {
          throw new ConfigException(
              "%s: %s was set before, in %s; keep one of them"
                  .formatted(origin, key, before.origin()));
        }
      } else if (token != JsonToken.VALUE_NULL) {
        throw new ConfigException(
            "%s: %s is \"%s\"; expected a section with keys below it"
                .formatted(origin, key, parser.getText()));
      }
    }
  }

  private static String expected(String key) {
    return key.equals(EXTENDS) ? "the name of a config" : ConfigKeys.expected(key);
  }

  private String here() {
    return source + " line " + Math.max(1, parser.currentTokenLocation().getLineNr());
  }
}
