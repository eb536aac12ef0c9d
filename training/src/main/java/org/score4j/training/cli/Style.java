package org.score4j.training.cli;

import org.score4j.training.report.AttemptDiff;
import org.score4j.training.rollouts.Transcript;

/** Colours of the terminal, or none. */
enum Style {
  /** Right, or fixed. */
  GREEN("\u001b[32m"),
  /** Wrong, or broken. */
  RED("\u001b[31m"),
  /** Less important. */
  DIM("\u001b[2m"),
  /** More important. */
  BOLD("\u001b[1m"),
  /** Changed without effect. */
  UNDERLINED("\u001b[4m");

  private static final String RESET = "\u001b[0m";

  private final String code;

  Style(String code) {
    this.code = code;
  }

  /** The text, in this style where colours are on. */
  String of(String text, boolean colour) {
    return colour && !text.isEmpty() ? code + text + RESET : text;
  }

  /**
   * An attempt with what changed since the one before in colour: green when that fixed it, red when
   * it broke it.
   */
  static String changes(
      Transcript.Attempt before, Transcript.Attempt after, boolean colour, int atMost) {
    Style style = before.correct() == after.correct() ? UNDERLINED : after.correct() ? GREEN : RED;
    StringBuilder text = new StringBuilder();
    int room = atMost;
    for (AttemptDiff.Part part : AttemptDiff.parts(before.text(), after.text())) {
      String shown = clip(printable(part.text()), room);
      room -= shown.length();
      text.append(part.changed() ? style.of(shown, colour) : shown);
      if (room <= 0) {
        break;
      }
    }
    return text.toString();
  }

  /** One line without control characters: a model's output must not steer the terminal. */
  static String printable(String text) {
    StringBuilder line = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      line.append(c == '\n' ? '⏎' : Character.isISOControl(c) ? '\uFFFD' : c);
    }
    return line.toString();
  }

  /** Lines and tabs as they are, no other control character. */
  static String text(String text) {
    StringBuilder safe = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      safe.append(Character.isISOControl(c) && c != '\n' && c != '\t' ? '\uFFFD' : c);
    }
    return safe.toString();
  }

  static String clip(String text, int atMost) {
    if (text.length() <= atMost) {
      return text;
    }
    return atMost <= 0 ? "" : text.substring(0, atMost - 1) + "…";
  }
}
