package org.score4j.tokenizer;

import java.util.List;

/** A regular expression of the engine, as far as its cost depends on it. */
sealed interface RegexNode {
  /** One code point of a set. */
  record One(CodePoints set) implements RegexNode {}

  /** Parts in order; none match the empty text. */
  record Sequence(List<RegexNode> parts) implements RegexNode {}

  /** The first alternative that leads to a match. */
  record Choice(List<RegexNode> alternatives) implements RegexNode {}

  /**
   * A part several times.
   *
   * @param max times, {@link #UNBOUNDED} for any number
   */
  record Repeat(RegexNode part, int min, int max) implements RegexNode {
    static final int UNBOUNDED = Integer.MAX_VALUE;
  }

  /** An anchor, or a look ahead or behind at {@code part}; takes nothing. */
  record Assertion(RegexNode part) implements RegexNode {}

  /** Fewest code points that it takes. */
  default long minLength() {
    return switch (this) {
      case One one -> 1;
      case Sequence sequence -> sequence.parts().stream().mapToLong(RegexNode::minLength).sum();
      case Choice choice ->
          choice.alternatives().stream().mapToLong(RegexNode::minLength).min().orElse(0);
      case Repeat repeat -> repeat.min() * repeat.part().minLength();
      case Assertion assertion -> 0;
    };
  }

  /**
   * Whether there is a text that it does not match at; else it always takes something or nothing.
   */
  default boolean canFail() {
    return switch (this) {
      case One one -> true;
      case Sequence sequence -> sequence.parts().stream().anyMatch(RegexNode::canFail);
      case Choice choice -> choice.alternatives().stream().allMatch(RegexNode::canFail);
      case Repeat repeat -> repeat.min() > 0 && repeat.part().canFail();
      case Assertion assertion -> true;
    };
  }

  /** Every code point that may be taken. */
  default CodePoints taken() {
    return switch (this) {
      case One one -> one.set();
      case Sequence sequence -> union(sequence.parts());
      case Choice choice -> union(choice.alternatives());
      case Repeat repeat -> repeat.part().taken();
      case Assertion assertion -> NONE;
    };
  }

  /** Every code point that a match of one or more may begin with. */
  default CodePoints first() {
    return switch (this) {
      case One one -> one.set();
      case Sequence sequence -> {
        CodePoints first = NONE;
        for (RegexNode part : sequence.parts()) {
          first = first.or(part.first());
          if (part.minLength() > 0) {
            break;
          }
        }
        yield first;
      }
      case Choice choice ->
          choice.alternatives().stream().map(RegexNode::first).reduce(NONE, CodePoints::or);
      case Repeat repeat -> repeat.part().first();
      case Assertion assertion -> NONE;
    };
  }

  /** No code point. */
  CodePoints NONE = CodePoints.of(c -> false);

  private static CodePoints union(List<RegexNode> nodes) {
    return nodes.stream().map(RegexNode::taken).reduce(NONE, CodePoints::or);
  }
}
