package org.score4j.training.evaluation;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.math3.stat.descriptive.SummaryStatistics;
import org.jspecify.annotations.Nullable;

/**
 * The paper's metrics over a set of problems. Rates are percentages from 0 to 100 of all judged
 * problems (Δ from −100 to 100), so that Δ = i→c − c→i. Intervals: Wilson for rates, Agresti and
 * Min's paired one for Δ, Student's for the edit ratio.
 *
 * @param n judged problems
 * @param errors problems left out because a verifier failed; in no denominator
 * @param accT1 first attempts that are right, %
 * @param accT2 second attempts that are right, %
 * @param delta acc@t2 − acc@t1, percentage points
 * @param iToC wrong, then right, % of all problems
 * @param cToI right, then wrong, % of all problems
 * @param unchanged second responses equal to the first token for token, %
 * @param editRatio mean of edit distance(y1, y2) / (|y1| + |y2|), a ratio from 0 to 1
 * @param fixRate second attempts that are right among the problems whose first is wrong, %; null
 *     when no first attempt is wrong
 */
public record AttemptMetrics(
    int n,
    int errors,
    Estimate accT1,
    Estimate accT2,
    Estimate delta,
    Estimate iToC,
    Estimate cToI,
    Estimate unchanged,
    Estimate editRatio,
    @Nullable Estimate fixRate) {

  /** The metrics of judged pairs. */
  public static AttemptMetrics of(List<JudgedPair> pairs, int errors) {
    if (pairs.isEmpty()) {
      throw new IllegalArgumentException(
          "evaluation: no judged problem (%d without a verdict); check the verifier's errors and the number of problems"
              .formatted(errors));
    }
    int right1 = 0;
    int right2 = 0;
    int gained = 0;
    int lost = 0;
    int same = 0;
    SummaryStatistics editRatios = new SummaryStatistics();
    for (JudgedPair pair : pairs) {
      right1 += pair.correct1() ? 1 : 0;
      right2 += pair.correct2() ? 1 : 0;
      gained += !pair.correct1() && pair.correct2() ? 1 : 0;
      lost += pair.correct1() && !pair.correct2() ? 1 : 0;
      same += pair.unchanged() ? 1 : 0;
      editRatios.addValue(pair.editRatio());
    }
    int n = pairs.size();
    return new AttemptMetrics(
        n,
        errors,
        Intervals.percent(right1, n),
        Intervals.percent(right2, n),
        Intervals.pairedDifference(gained, lost, n),
        Intervals.percent(gained, n),
        Intervals.percent(lost, n),
        Intervals.percent(same, n),
        Intervals.mean(editRatios),
        right1 == n ? null : Intervals.percent(gained, n - right1));
  }

  /**
   * For JSON: the figures by their names in docs/metrics.md, and under {@code ci95} the interval
   * [low, high] of each.
   */
  public Map<String, @Nullable Object> toMap() {
    Map<String, @Nullable Object> figures = new LinkedHashMap<>();
    Map<String, Object> intervals = new LinkedHashMap<>();
    put("acc_t1", accT1, figures, intervals);
    put("acc_t2", accT2, figures, intervals);
    put("delta", delta, figures, intervals);
    put("i_to_c", iToC, figures, intervals);
    put("c_to_i", cToI, figures, intervals);
    put("unchanged", unchanged, figures, intervals);
    put("edit_ratio", editRatio, figures, intervals);
    put("fix_rate", fixRate, figures, intervals);
    figures.put("n", n);
    figures.put("errors", errors);
    figures.put("ci95", intervals);
    return figures;
  }

  private static void put(
      String key,
      @Nullable Estimate estimate,
      Map<String, @Nullable Object> figures,
      Map<String, Object> intervals) {
    figures.put(key, estimate == null ? null : estimate.value());
    if (estimate != null) {
      intervals.put(key, List.of(estimate.low(), estimate.high()));
    }
  }
}
