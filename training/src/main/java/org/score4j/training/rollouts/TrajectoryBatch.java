package org.score4j.training.rollouts;

import java.util.ArrayList;
import java.util.List;
import org.score4j.core.model.PackedBatch;

/**
 * Conversations packed for a training pass: each prompt once, its conversations as continuations, a
 * prediction per sampled token. The last token of a conversation is predicted but never fed, and so
 * is an end of text that the next turn does not go on from.
 */
public final class TrajectoryBatch {
  /**
   * One micro-batch.
   *
   * @param packed the tokens
   * @param trajectory index of the conversation of each prediction (N)
   * @param turn of each prediction (N)
   * @param sampledLogProb recorded when the token was drawn (N)
   */
  public record MicroBatch(
      PackedBatch packed, int[] trajectory, int[] turn, float[] sampledLogProb) {}

  private final PackedBatch.Builder builder = new PackedBatch.Builder();
  private final List<int[]> origins = new ArrayList<>();
  private final List<Float> logProbs = new ArrayList<>();

  private TrajectoryBatch() {}

  /**
   * Packs groups into micro-batches in order. Splitting changes memory and speed, never the sums:
   * groups stay whole and in order.
   *
   * @param trajectories (prompts · K), the samples of a prompt side by side
   * @param samplesPerPrompt K
   * @param microBatchTokens most tokens in a micro-batch; a larger group gets one of its own
   */
  public static List<MicroBatch> pack(
      List<Trajectory> trajectories, int samplesPerPrompt, int microBatchTokens) {
    List<MicroBatch> batches = new ArrayList<>();
    TrajectoryBatch current = new TrajectoryBatch();
    for (int first = 0; first < trajectories.size(); first += samplesPerPrompt) {
      List<Trajectory> group = trajectories.subList(first, first + samplesPerPrompt);
      int tokens = group.getFirst().prompt().length;
      for (Trajectory trajectory : group) {
        tokens += continuationLength(trajectory);
      }
      if (current.builder.numTokens() > 0
          && current.builder.numTokens() + tokens > microBatchTokens) {
        batches.add(current.build());
        current = new TrajectoryBatch();
      }
      current.addGroup(group, first);
    }
    batches.add(current.build());
    return batches;
  }

  /** Tokens after the prompt that are fed: all but the last. */
  private static int continuationLength(Trajectory trajectory) {
    int length = -1;
    for (Span span : trajectory.spans()) {
      length += span.kept();
    }
    return length - trajectory.prompt().length;
  }

  private void addGroup(List<Trajectory> group, int firstIndex) {
    int[] prompt = group.getFirst().prompt();
    builder.addSequence(prompt, prompt.length);
    int lastPromptRow = builder.lastPrefixRow();
    for (int k = 0; k < group.size(); k++) {
      Trajectory trajectory = group.get(k);
      int length = continuationLength(trajectory);
      int[] fed = new int[length + 1];
      int at = 0;
      for (Span span : trajectory.spans().subList(1, trajectory.spans().size())) {
        System.arraycopy(span.ids(), 0, fed, at, span.kept());
        at += span.kept();
      }
      int start = length == 0 ? builder.numTokens() : builder.addContinuation(fed, length);
      at = 0;
      for (Span span : trajectory.spans().subList(1, trajectory.spans().size())) {
        if (span.sampled()) {
          // An end that is not kept is predicted all the same, from the token before it.
          for (int i = 0; i < span.ids().length; i++) {
            int row = at + i - 1;
            builder.predict(row < 0 ? lastPromptRow : start + row, span.ids()[i]);
            origins.add(new int[] {firstIndex + k, span.turn()});
            logProbs.add(span.logProbs()[i]);
          }
        }
        at += span.kept();
      }
    }
  }

  private MicroBatch build() {
    int n = origins.size();
    int[] trajectory = new int[n];
    int[] turn = new int[n];
    float[] sampled = new float[n];
    for (int i = 0; i < n; i++) {
      trajectory[i] = origins.get(i)[0];
      turn[i] = origins.get(i)[1];
      sampled[i] = logProbs.get(i);
    }
    return new MicroBatch(builder.build(), trajectory, turn, sampled);
  }
}
