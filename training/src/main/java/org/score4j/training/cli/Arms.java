package org.score4j.training.cli;

import java.util.ArrayList;
import java.util.List;
import org.score4j.training.config.Presets;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** Names of the methods that are compared. */
final class Arms {
  private Arms() {}

  /** As in tables; empty for a config that is none of ours. */
  static String label(String arm) {
    return switch (arm) {
      case "score" -> "SCoRe";
      case "naive" -> "naive RL";
      case "no-stage1" -> "no stage I";
      case "no-shaping" -> "no shaping";
      case "single-turn" -> "single-turn RL";
      default -> "";
    };
  }

  /** From {@code score,naive} or {@code all}; SCoRe always comes first, for it trains the base. */
  static List<String> parse(CommandLine command, String list) {
    if (list.equals("all")) {
      return Presets.arms();
    }
    List<String> arms = new ArrayList<>(List.of(Presets.ROOT));
    for (String arm : list.split(",", -1)) {
      if (!Presets.arms().contains(arm)) {
        throw new ParameterException(
            command,
            "--arms has \"%s\"; choose from %s, or all"
                .formatted(arm, String.join(", ", Presets.arms())));
      }
      if (!arms.contains(arm)) {
        arms.add(arm);
      }
    }
    return arms;
  }
}
