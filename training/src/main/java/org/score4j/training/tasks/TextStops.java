package org.score4j.training.tasks;

import java.util.List;
import org.score4j.core.generation.StopRule;
import org.score4j.tokenizer.StreamingDecoder;
import org.score4j.tokenizer.Tokenizer;

/** Ends a response where one of some texts is complete in it. Mutable; for one response. */
final class TextStops implements StopRule.Watch {
  private final StreamingDecoder decoder;
  private final List<String> stops;
  private final int longest;
  private final StringBuilder tail = new StringBuilder();

  TextStops(Tokenizer tokenizer, List<String> stops) {
    this.decoder = new StreamingDecoder(tokenizer);
    this.stops = stops;
    this.longest = stops.stream().mapToInt(String::length).max().orElse(0);
  }

  @Override
  public boolean isOver(int id) {
    if (stops.isEmpty()) {
      return false;
    }
    tail.append(decoder.next(id));
    for (String stop : stops) {
      if (tail.indexOf(stop) >= 0) {
        return true;
      }
    }
    if (tail.length() >= longest) {
      tail.delete(0, tail.length() - longest + 1);
    }
    return false;
  }
}
