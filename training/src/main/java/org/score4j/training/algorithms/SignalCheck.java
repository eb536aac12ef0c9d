package org.score4j.training.algorithms;

import java.util.function.Consumer;
import org.score4j.training.algorithms.ScoreConfig.SignalConfig;
import org.score4j.training.settings.ConfigException;

/**
 * Looks at the rewards before the first step of a stage: where there is no signal, training is
 * refused with the reason.
 */
final class SignalCheck {
  private SignalCheck() {}

  /**
   * What was seen.
   *
   * @param zeroVariance share of prompts whose samples all have the same rewards
   * @param truncated share of conversations that hit a length limit
   * @param verifierErrors share of conversations the verifier could not judge
   */
  record Signal(double zeroVariance, double truncated, double verifierErrors) {}

  static void require(String phase, SignalConfig limits, Signal signal, Consumer<String> notices) {
    if (signal.zeroVariance() > limits.refuseZeroVariance()) {
      throw new ConfigException(
          "%s: %.0f%% of the prompts have samples that all earn the same, above %s.signal.refuseZeroVariance (%.0f%%): nothing can be learnt; use easier or harder problems, more samples per prompt, or a better base"
              .formatted(
                  phase, 100 * signal.zeroVariance(), phase, 100 * limits.refuseZeroVariance()));
    }
    if (signal.truncated() > limits.refuseTruncated()) {
      throw new ConfigException(
          "%s: %.0f%% of the conversations hit the length limit, above %s.signal.refuseTruncated (%.0f%%): rewards of cut answers mean nothing; raise the task's response length"
              .formatted(phase, 100 * signal.truncated(), phase, 100 * limits.refuseTruncated()));
    }
    String line =
        "%s signal: %.0f%% of prompts without reward variance, %.0f%% truncated, %.0f%% not judged"
            .formatted(
                phase,
                100 * signal.zeroVariance(),
                100 * signal.truncated(),
                100 * signal.verifierErrors());
    boolean warn = signal.zeroVariance() > limits.warnZeroVariance();
    notices.accept(warn ? "warning: " + line + "; little can be learnt from such prompts" : line);
  }
}
