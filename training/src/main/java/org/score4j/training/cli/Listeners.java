package org.score4j.training.cli;

import java.util.List;
import org.score4j.training.evaluation.AttemptMetrics;
import org.score4j.training.run.AttemptPair;
import org.score4j.training.run.RunListener;
import org.score4j.training.run.StepReport;

/**
 * Tells several listeners, in order.
 *
 * @param all of them
 */
record Listeners(List<RunListener> all) implements RunListener {
  @Override
  public void phaseStarted(String phase, int firstStep, int totalSteps) {
    all.forEach(one -> one.phaseStarted(phase, firstStep, totalSteps));
  }

  @Override
  public void stepDone(StepReport report) {
    all.forEach(one -> one.stepDone(report));
  }

  @Override
  public void samples(String phase, int step, List<AttemptPair> pairs) {
    all.forEach(one -> one.samples(phase, step, pairs));
  }

  @Override
  public void evaluated(String phase, int step, String decoding, AttemptMetrics metrics) {
    all.forEach(one -> one.evaluated(phase, step, decoding, metrics));
  }

  @Override
  public void saving() {
    all.forEach(RunListener::saving);
  }

  @Override
  public void notice(String line) {
    all.forEach(one -> one.notice(line));
  }
}
