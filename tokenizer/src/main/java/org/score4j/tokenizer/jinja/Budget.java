package org.score4j.tokenizer.jinja;

import java.util.List;

/** What of the {@link Limits} is used; every part of the interpreter counts here. */
final class Budget {
  private final Limits limits;
  private long steps;
  private long words;
  private int depth;

  Budget(Limits limits) {
    this.limits = limits;
  }

  void step() {
    steps(1);
  }

  void steps(long count) {
    steps += count;
    if (steps > limits.steps()) {
      throw TemplateException.limit("it takes more than %,d steps".formatted(limits.steps()));
    }
  }

  /** Counts a pass over a text. */
  void scan(CharSequence text) {
    steps(1 + text.length() / 8);
  }

  /** Refuses a text that would be too long, before it is made. */
  void room(long length) {
    room(0, length);
  }

  /** Refuses to add to a text what would make it too long. */
  void room(long length, long more) {
    if (length + more > limits.chars()) {
      throw TemplateException.limit(
          "a text would have more than %,d characters".formatted(limits.chars()));
    }
    steps(1 + more / 64);
  }

  /** Counts memory that stays in use, in words. */
  void retain(long more) {
    words += more;
    if (words > limits.words()) {
      throw TemplateException.limit(
          "its values take more than %,d MB".formatted(limits.words() * 8 / 1_000_000));
    }
  }

  void release(long less) {
    words -= less;
  }

  /** Words that a value takes itself, without the values it refers to. */
  static long words(Object value) {
    return switch (value) {
      case String text -> 1 + text.length() / 4;
      case Markup markup -> 1 + markup.text().length() / 4;
      default -> 1;
    };
  }

  /** Adds to a list that is being made. */
  void add(List<Object> list, Object value) {
    step();
    retain(words(value) + 1);
    list.add(value);
  }

  /** Counts a list of values that are counted elsewhere. */
  void share(long elements) {
    steps(1 + elements / 8);
    retain(elements);
  }

  void enter() {
    if (++depth > limits.depth()) {
      throw TemplateException.limit("it nests deeper than %,d levels".formatted(limits.depth()));
    }
  }

  void leave() {
    depth--;
  }
}
