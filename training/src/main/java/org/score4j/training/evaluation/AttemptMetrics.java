package org.score4j.training.evaluation;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.math3.stat.descriptive.SummaryStatistics;
import org.jspecify.annotations.Nullable;
import org.score4j.training.rollouts.Outcome;

/**
 * The paper's metrics over a set of problems, for any number of attempts. Rates are percentages
 * from 0 to 100 of all judged problems (Δ from −100 to 100), so that Δ = i→c − c→i between two
 * attempts. Intervals: Wilson for rates, Agresti and Min's paired one for Δ, Student's for means.
 *
 * @param n judged problems
 * @param errors problems left out because a verifier failed; in no denominator
 * @param attempts figures of each attempt, in order
 * @param transitions from each attempt to the next; empty where there is one attempt
 * @param delta accuracy of the last attempt less that of the first, percentage points; null where
 *     there is one attempt
 */
public record AttemptMetrics(
    int n,
    int errors,
    List<Attempt> attempts,
    List<Transition> transitions,
    @Nullable Estimate delta) {
  /** Keeps the lists from changing. */
  public AttemptMetrics {
    attempts = List.copyOf(attempts);
    transitions = List.copyOf(transitions);
  }

  /**
   * One attempt.
   *
   * @param accuracy attempts that are right, %
   * @param truncated attempts that hit their length limit, %
   * @param meanLength in tokens
   */
  public record Attempt(Estimate accuracy, Estimate truncated, double meanLength) {}

  /**
   * From an attempt to the next.
   *
   * @param delta accuracy of the later less that of the earlier, percentage points
   * @param iToC wrong, then right, % of all problems
   * @param cToI right, then wrong, % of all problems
   * @param unchanged later responses equal to the earlier token for token, %
   * @param editRatio mean of edit distance(y_t, y_{t+1}) / (|y_t| + |y_{t+1}|), from 0 to 1
   * @param fixRate later attempts that are right among the problems whose earlier one is wrong, %;
   *     null when no earlier attempt is wrong
   */
  public record Transition(
      Estimate delta,
      Estimate iToC,
      Estimate cToI,
      Estimate unchanged,
      Estimate editRatio,
      @Nullable Estimate fixRate) {}

  /** The metrics of judged conversations, all of the same number of attempts. */
  public static AttemptMetrics of(List<Outcome> outcomes, int errors) {
    if (outcomes.isEmpty()) {
      throw new IllegalArgumentException(
          "evaluation: no judged problem (%d without a verdict); check the verifier's errors and the number of problems"
              .formatted(errors));
    }
    int numAttempts = outcomes.getFirst().numAttempts();
    List<Attempt> attempts = new ArrayList<>();
    List<Transition> transitions = new ArrayList<>();
    for (int t = 0; t < numAttempts; t++) {
      attempts.add(attempt(outcomes, t));
      if (t > 0) {
        transitions.add(transition(outcomes, t));
      }
    }
    return new AttemptMetrics(
        outcomes.size(),
        errors,
        attempts,
        transitions,
        numAttempts == 1 ? null : change(outcomes, 0, numAttempts - 1));
  }

  private static Attempt attempt(List<Outcome> outcomes, int t) {
    int right = 0;
    int truncated = 0;
    long tokens = 0;
    for (Outcome outcome : outcomes) {
      right += outcome.isCorrect(t) ? 1 : 0;
      truncated += outcome.truncated(t) ? 1 : 0;
      tokens += outcome.length(t);
    }
    int n = outcomes.size();
    return new Attempt(
        Intervals.percent(right, n), Intervals.percent(truncated, n), (double) tokens / n);
  }

  private static Transition transition(List<Outcome> outcomes, int t) {
    int gained = 0;
    int lost = 0;
    int same = 0;
    int wrong = 0;
    SummaryStatistics editRatios = new SummaryStatistics();
    for (Outcome outcome : outcomes) {
      boolean before = outcome.isCorrect(t - 1);
      boolean after = outcome.isCorrect(t);
      gained += !before && after ? 1 : 0;
      lost += before && !after ? 1 : 0;
      wrong += before ? 0 : 1;
      same += outcome.unchanged(t) ? 1 : 0;
      editRatios.addValue(outcome.editRatio(t));
    }
    int n = outcomes.size();
    return new Transition(
        change(outcomes, t - 1, t),
        Intervals.percent(gained, n),
        Intervals.percent(lost, n),
        Intervals.percent(same, n),
        Intervals.mean(editRatios),
        wrong == 0 ? null : Intervals.percent(gained, wrong));
  }

  private static Estimate change(List<Outcome> outcomes, int from, int to) {
    int gained = 0;
    int lost = 0;
    for (Outcome outcome : outcomes) {
      gained += !outcome.isCorrect(from) && outcome.isCorrect(to) ? 1 : 0;
      lost += outcome.isCorrect(from) && !outcome.isCorrect(to) ? 1 : 0;
    }
    return Intervals.pairedDifference(gained, lost, outcomes.size());
  }

  /** Every rate by its name in docs/metrics.md, in a fixed order; null where it has no value. */
  public Map<String, @Nullable Estimate> figures() {
    Map<String, @Nullable Estimate> figures = new LinkedHashMap<>();
    for (int t = 1; t <= attempts.size(); t++) {
      figures.put("acc_t" + t, attempts.get(t - 1).accuracy());
    }
    figures.put("delta", delta);
    for (int t = 1; t <= transitions.size(); t++) {
      Transition transition = transitions.get(t - 1);
      String between = "_t" + t + "_t" + (t + 1);
      figures.put("delta" + between, transition.delta());
      figures.put("i_to_c" + between, transition.iToC());
      figures.put("c_to_i" + between, transition.cToI());
      figures.put("unchanged" + between, transition.unchanged());
      figures.put("edit_ratio" + between, transition.editRatio());
      figures.put("fix_rate" + between, transition.fixRate());
    }
    for (int t = 1; t <= attempts.size(); t++) {
      figures.put("truncated_t" + t, attempts.get(t - 1).truncated());
    }
    return figures;
  }

  /**
   * For JSON: {@link #figures}, {@code length_t1} and so on, {@code n} and {@code errors}, and
   * under {@code ci95} the interval [low, high] of each rate.
   */
  public Map<String, @Nullable Object> toMap() {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    Map<String, Object> intervals = new LinkedHashMap<>();
    figures()
        .forEach(
            (name, estimate) -> {
              map.put(name, estimate == null ? null : estimate.value());
              if (estimate != null) {
                intervals.put(name, List.of(estimate.low(), estimate.high()));
              }
            });
    for (int t = 1; t <= attempts.size(); t++) {
      map.put("length_t" + t, attempts.get(t - 1).meanLength());
    }
    map.put("n", n);
    map.put("errors", errors);
    map.put("ci95", intervals);
    return map;
  }
}
