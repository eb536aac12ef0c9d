package org.score4j.training.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** {@code --key=value} and {@code --key value} for config keys, from what picocli left over. */
final class Overrides {
  private static final Pattern ASSIGNMENT =
      Pattern.compile("--([A-Za-z][A-Za-z0-9_.-]*)=(.*)", Pattern.DOTALL);
  private static final Pattern KEY = Pattern.compile("--([A-Za-z][A-Za-z0-9_.-]*)");

  private Overrides() {}

  /** Values by key; whether the keys exist is the config's business. */
  static Map<String, String> parse(CommandLine command, List<String> arguments) {
    Map<String, String> values = new LinkedHashMap<>();
    for (int i = 0; i < arguments.size(); i++) {
      String argument = arguments.get(i);
      Matcher assignment = ASSIGNMENT.matcher(argument);
      Matcher key = KEY.matcher(argument);
      String name;
      String value;
      if (assignment.matches()) {
        name = assignment.group(1);
        value = assignment.group(2);
      } else if (key.matches()) {
        name = key.group(1);
        if (i + 1 == arguments.size() || arguments.get(i + 1).startsWith("--")) {
          throw new ParameterException(command, "--%s needs a value: --%s=…".formatted(name, name));
        }
        value = arguments.get(++i);
      } else {
        throw new ParameterException(
            command,
            "unexpected argument \"%s\"; config keys are set with --key=value".formatted(argument));
      }
      refuseMistypedOption(command, name);
      if (values.put(name, value) != null) {
        throw new ParameterException(command, "--%s is given twice".formatted(name));
      }
    }
    return values;
  }

  /** {@code --thread} is no config key but {@code --threads} cut short. */
  private static void refuseMistypedOption(CommandLine command, String name) {
    for (String option : command.getCommandSpec().optionsMap().keySet()) {
      String known = option.replaceFirst("^-+", "");
      boolean cut = known.length() > 2 && (known.startsWith(name) || name.startsWith(known));
      if (cut && name.length() > 2 && name.indexOf('.') < 0) {
        throw new ParameterException(
            command, "unknown option --%s; did you mean %s?".formatted(name, option));
      }
    }
  }
}
