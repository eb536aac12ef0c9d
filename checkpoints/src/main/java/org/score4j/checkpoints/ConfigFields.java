package org.score4j.checkpoints;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Typed access to one object of a Hugging Face config. Null counts as absent, as it does for
 * Hugging Face.
 */
final class ConfigFields {
  private final Path file;
  private final String prefix;
  private final ObjectNode fields;

  ConfigFields(Path file, String prefix, ObjectNode fields) {
    this.file = file;
    this.prefix = prefix;
    this.fields = fields;
  }

  boolean isEmpty() {
    return fields.isEmpty();
  }

  boolean isText(String key) {
    return node(key).isTextual();
  }

  boolean has(String key) {
    return !node(key).isNull();
  }

  /** Whether the key is there and null, where that differs from being absent. */
  boolean isNull(String key) {
    return fields.has(key) && node(key).isNull();
  }

  /** A nested object; null when absent. */
  @Nullable ConfigFields object(String key) {
    JsonNode node = node(key);
    if (node.isNull()) {
      return null;
    }
    if (node instanceof ObjectNode object) {
      return new ConfigFields(file, prefix + key + ".", object);
    }
    throw wrong(key, "an object");
  }

  int positiveInt(String key) {
    require(key);
    return positiveInt(key, 0);
  }

  int positiveInt(String key, int absent) {
    JsonNode node = node(key);
    if (node.isNull()) {
      return absent;
    }
    if (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() < 1) {
      throw wrong(key, "a whole number from 1 to " + Integer.MAX_VALUE);
    }
    return node.intValue();
  }

  double positiveDouble(String key) {
    require(key);
    return positiveDouble(key, 0);
  }

  double positiveDouble(String key, double absent) {
    JsonNode node = node(key);
    if (node.isNull()) {
      return absent;
    }
    if (!node.isNumber() || !(node.doubleValue() > 0) || Double.isInfinite(node.doubleValue())) {
      throw wrong(key, "a number above 0");
    }
    return node.doubleValue();
  }

  boolean flag(String key, boolean absent) {
    JsonNode node = node(key);
    if (node.isNull()) {
      return absent;
    }
    if (!node.isBoolean()) {
      throw wrong(key, "true or false");
    }
    return node.booleanValue();
  }

  String text(String key, String absent) {
    JsonNode node = node(key);
    if (node.isNull()) {
      return absent;
    }
    if (!node.isTextual()) {
      throw wrong(key, "a string");
    }
    return node.textValue();
  }

  List<String> texts(String key) {
    List<String> texts = new ArrayList<>();
    JsonNode node = node(key);
    if (!node.isNull() && !node.isArray()) {
      throw wrong(key, "an array of strings");
    }
    for (JsonNode item : node) {
      if (!item.isTextual()) {
        throw wrong(key, "an array of strings");
      }
      texts.add(item.textValue());
    }
    return texts;
  }

  /** A token id or an array of them; empty when absent. */
  List<Integer> tokenIds(String key) {
    JsonNode node = node(key);
    List<Integer> ids = new ArrayList<>();
    if (node.isNull()) {
      return ids;
    }
    for (JsonNode item : node.isArray() ? node : List.of(node)) {
      if (!item.isIntegralNumber() || !item.canConvertToInt() || item.intValue() < 0) {
        throw wrong(key, "a token id or an array of token ids");
      }
      ids.add(item.intValue());
    }
    return ids;
  }

  /**
   * Refuses any value but absent, null, false, 0, an empty array or object or the given harmless
   * one.
   */
  void refuseUnless(String key, String harmless, String why) {
    JsonNode node = node(key);
    boolean off =
        node.isNull()
            || (node.isBoolean() && !node.booleanValue())
            || (node.isNumber() && node.doubleValue() == 0)
            || (node.isContainerNode() && node.isEmpty())
            // The text of an array or object is empty whatever it holds.
            || (node.isValueNode() && node.asText().equals(harmless));
    if (!off) {
      throw refused(key, why);
    }
  }

  /**
   * Refuses a key whose meaning is not known, unless its value is null, false or empty: how a
   * library writes an option that is off.
   */
  void refuseUnlessOff(String key, String why) {
    JsonNode node = node(key);
    boolean off =
        node.isNull()
            || (node.isBoolean() && !node.booleanValue())
            || (node.isContainerNode() && node.isEmpty());
    if (!off) {
      throw refused(key, why);
    }
  }

  /** All keys, in the file's order. */
  List<String> keys() {
    return fields.properties().stream().map(Map.Entry::getKey).toList();
  }

  /** The message of a value that is understood but not supported. */
  CheckpointException refused(String key, String why) {
    return new CheckpointException(
        file
            + ": "
            + prefix
            + key
            + " = "
            + shown(key)
            + " is not supported: "
            + why
            + "; use another model");
  }

  CheckpointException wrong(String key, String what) {
    return new CheckpointException(
        file
            + ": "
            + prefix
            + key
            + " = "
            + shown(key)
            + ", it must be "
            + what
            + "; correct it or download the file again");
  }

  /** A value as the file has it: a text in its quotes, anything else without. */
  private String shown(String key) {
    JsonNode node = node(key);
    if (node.isTextual()) {
      return CheckpointException.quote(node.textValue());
    }
    return CheckpointException.shortened(node.isValueNode() ? node.asText() : node.toString());
  }

  private void require(String key) {
    if (!has(key)) {
      throw new CheckpointException(
          file
              + ": lacks "
              + prefix
              + key
              + "; this is not the config of a causal language model, download it again");
    }
  }

  private JsonNode node(String key) {
    JsonNode node = fields.get(key);
    return node == null ? com.fasterxml.jackson.databind.node.NullNode.getInstance() : node;
  }
}
