package org.score4j.tokenizer.jinja;

/** Text while it is printed. */
final class Buffer {
  private final Budget budget;
  private final StringBuilder text = new StringBuilder();
  private long words;

  Buffer(Budget budget) {
    this.budget = budget;
  }

  void append(String more) {
    if (more.isEmpty()) {
      return;
    }
    budget.room(text.length(), more.length());
    text.append(more);
    long now = text.length() / 4;
    if (now > words + 64) {
      budget.retain(now - words);
      words = now;
    }
  }

  /** The text; nothing is appended to it any more. */
  String close() {
    budget.release(words);
    return text.toString();
  }
}
