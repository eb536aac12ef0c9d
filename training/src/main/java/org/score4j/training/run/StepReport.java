package org.score4j.training.run;

import java.util.Map;

/**
 * What one training step has to say.
 *
 * @param phase name of the phase: {@code base}, {@code stage1}, {@code stage2}
 * @param step number of the step in its phase, from 1
 * @param totalSteps steps of the phase
 * @param seconds spent in the step
 * @param tokens sampled or trained on in the step
 * @param metrics values by their names in docs/metrics.md, in a fixed order
 */
public record StepReport(
    String phase,
    int step,
    int totalSteps,
    double seconds,
    long tokens,
    Map<String, Double> metrics) {}
