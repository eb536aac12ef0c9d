package org.score4j.training.tasks;

import java.util.List;
import org.score4j.training.verifiers.Verifier;
import org.score4j.training.verifiers.code.CodeVerifiers;

/** The tasks on text by their names. */
public final class TextTasks {
  /** Every name. */
  public static final List<String> NAMES =
      List.of("gsm8k", "math", "mbpp", "mbpp-r", "humaneval", "jsonl");

  private TextTasks() {}

  /**
   * Reads a task's files.
   *
   * @param programs judges programs; stays with its owner
   * @throws IllegalArgumentException when a file is missing or a line of it is no problem
   */
  public static TextTask open(TextTaskSettings settings, CodeVerifiers programs) {
    return switch (settings.name()) {
      case "gsm8k" -> Gsm8kTask.open(settings);
      case "math" -> MathTask.open(settings);
      case "mbpp" -> MbppTask.open(settings, programs);
      case "mbpp-r" -> MbppRepairTask.open(settings, programs);
      case "humaneval" -> HumanEvalTask.open(settings, programs);
      default -> JsonlTask.open(settings, programs);
    };
  }

  /** The verifier alone, without any file. */
  public static Verifier verifier(TextTaskSettings settings, CodeVerifiers programs) {
    return switch (settings.name()) {
      case "gsm8k" -> Gsm8kTask.verifier(settings);
      case "math" -> MathTask.verifier(settings);
      case "mbpp", "mbpp-r", "humaneval" -> programs.python();
      default -> JsonlTask.verifier(settings, programs);
    };
  }
}
