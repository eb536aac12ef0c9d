package org.score4j.training.verifiers.math;

import java.util.Optional;

/** The last number of a text as written: sign, digits in groups, decimals, a denominator. */
final class LastNumber {
  private final String text;
  private int at;

  private LastNumber(String text) {
    this.text = text;
  }

  static Optional<String> find(String text) {
    return new LastNumber(text).last();
  }

  private Optional<String> last() {
    String found = "";
    while (at < text.length()) {
      if (isDigit(at) || (text.charAt(at) == '.' && isDigit(at + 1) && !isDigit(at - 1))) {
        int start = at;
        number();
        if (at + 1 < text.length() && text.charAt(at) == '/' && isDigit(at + 1)) {
          at++;
          number();
        }
        found = (isNegative(start) ? "-" : "") + text.substring(start, at);
      } else {
        at++;
      }
    }
    return found.isEmpty() ? Optional.empty() : Optional.of(found);
  }

  private void number() {
    int start = at;
    digits();
    while (at - start <= 3 + 4 * 10
        && at < text.length()
        && text.charAt(at) == ','
        && isDigit(at + 1)
        && isDigit(at + 2)
        && isDigit(at + 3)
        && !isDigit(at + 4)) {
      at += 4;
    }
    if (at < text.length() && text.charAt(at) == '.' && isDigit(at + 1)) {
      at++;
      digits();
    }
  }

  private void digits() {
    while (isDigit(at)) {
      at++;
    }
  }

  /** A minus in front, past a currency sign, that is no subtraction. */
  private boolean isNegative(int start) {
    int sign = start - 1;
    if (sign >= 0 && text.charAt(sign) == '$') {
      sign--;
    }
    if (sign < 0 || (text.charAt(sign) != '-' && text.charAt(sign) != '−')) {
      return false;
    }
    int before = sign - 1;
    return before < 0
        || !(Character.isLetterOrDigit(text.charAt(before)) || text.charAt(before) == ')');
  }

  private boolean isDigit(int index) {
    return index >= 0
        && index < text.length()
        && text.charAt(index) >= '0'
        && text.charAt(index) <= '9';
  }
}
