package org.score4j.core.generation;

import java.util.ArrayList;
import java.util.List;
import org.score4j.core.generation.GenerationRequest.Response;
import org.score4j.core.generation.GenerationRequest.Turn;

/** A conversation under way. */
final class Conversation {
  /** A request being served. */
  record Group(GenerationRequest request, int index, int reservedPages, int[] alive) {}

  final Group group;
  final int sample;
  final List<Response> responses = new ArrayList<>();
  Turn turn;
  StopRule.Watch watch;
  int[] ids;
  float[] logProbs;

  /** Tokens of the response so far. */
  int drawn;

  /** Tokens of the whole conversation so far. */
  int length;

  Conversation(Group group, int sample, Turn first) {
    this.group = group;
    this.sample = sample;
    this.length = group.request().promptIds().length;
    start(first);
  }

  void start(Turn next) {
    length += next.givenIds().length - (next.replacesLast() ? 1 : 0);
    int room = group.request().maxTokens() - length;
    if (next.stop().maxNewTokens() > room) {
      throw new IllegalArgumentException(
          "generation: request %d, turn %d may draw %d tokens after %d, but memory is set aside for %d; lower maxNewTokens or raise maxTokens"
              .formatted(
                  group.index(),
                  responses.size() + 1,
                  next.stop().maxNewTokens(),
                  length,
                  group.request().maxTokens()));
    }
    turn = next;
    watch = next.stop().watches().get();
    ids = new int[next.stop().maxNewTokens()];
    logProbs = new float[ids.length];
    drawn = 0;
  }
}
