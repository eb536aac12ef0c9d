package org.score4j.training.config;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.util.List;
import java.util.regex.Pattern;

/** Writes a config as YAML that {@link ConfigLoader} reads back to an equal record. */
public final class ConfigWriter {
  // Words that some YAML reader would take for something else than text stay in quotes.
  private static final Pattern PLAIN =
      Pattern.compile("(?!(?i:y|n|yes|no|on|off|true|false|null)$)[A-Za-z][A-Za-z0-9_./-]*");

  private ConfigWriter() {}

  /** The whole config, every key. */
  public static String write(RunConfig config) {
    StringBuilder yaml = new StringBuilder();
    section(yaml, config, "");
    return yaml.toString();
  }

  private static void section(StringBuilder yaml, Object section, String indent) {
    for (RecordComponent component : section.getClass().getRecordComponents()) {
      Object value;
      try {
        component.getAccessor().setAccessible(true);
        value = component.getAccessor().invoke(section);
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException("cannot read " + component, e);
      }
      yaml.append(indent).append(component.getName()).append(':');
      if (component.getType().isRecord()) {
        yaml.append('\n');
        section(yaml, value, indent + "  ");
      } else if (component.getName().equals(ConfigKeys.PHASES)) {
        yaml.append('\n');
        ((List<?>) value).forEach(phase -> phase(yaml, (PhaseConfig) phase, indent + "  "));
      } else if (value instanceof List<?> elements) {
        yaml.append(" [")
            .append(String.join(", ", elements.stream().map(ConfigWriter::scalar).toList()))
            .append("]\n");
      } else {
        yaml.append(' ').append(scalar(value)).append('\n');
      }
    }
  }

  private static void phase(StringBuilder yaml, PhaseConfig phase, String indent) {
    String keys = indent + "  ";
    yaml.append(indent).append("- name: ").append(scalar(phase.name())).append('\n');
    yaml.append(keys).append("algorithm: ").append(scalar(phase.algorithm())).append('\n');
    yaml.append(keys).append("from: ").append(scalar(phase.from())).append('\n');
    yaml.append(keys).append("reference: ").append(scalar(phase.reference())).append('\n');
    section(yaml, phase.settings(), keys);
  }

  private static String scalar(Object value) {
    return switch (value) {
      case String text when PLAIN.matcher(text).matches() -> text;
      case String text ->
          '"' + String.valueOf(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
      // Without an exponent, which YAML 1.1 and 1.2 read differently.
      case Double number ->
          number == 0
              ? "0"
              : new BigDecimal(Double.toString(number)).stripTrailingZeros().toPlainString();
      default -> value.toString();
    };
  }
}
