package org.score4j.training.verifiers.math;

import java.math.BigDecimal;

/**
 * One number of a text: digits in groups of three behind separators, then decimals and a power of
 * ten ({@code 1.2e3}). A comma alone may also separate a list's elements; {@code ,\!}, {@code {,}}
 * and {@code \,} may not.
 */
final class NumberScanner {
  private static final int GROUP = 3;
  private static final int MAX_EXPONENT_DIGITS = 3;

  private final String source;
  private final boolean commasGroup;
  private final StringBuilder digits = new StringBuilder();
  private int at;
  private boolean ambiguous;
  private boolean grouped;

  // The separator last looked at.
  private boolean comma;
  private boolean firm;
  private boolean space;

  private NumberScanner(String source, int start, boolean commasGroup) {
    this.source = source;
    this.at = start;
    this.commasGroup = commasGroup;
  }

  /**
   * A number.
   *
   * @param digits without separators, with at most one dot
   * @param end index behind it
   * @param ambiguous whether a comma might be either
   * @param grouped whether such a comma was taken as a separator of thousands
   */
  record Scanned(String digits, int end, boolean ambiguous, boolean grouped) {}

  static Scanned scan(String source, int start, boolean commasGroup) {
    NumberScanner scanner = new NumberScanner(source, start, commasGroup);
    scanner.digits();
    int first = scanner.digits.length();
    if (first > 0 && first <= GROUP && scanner.digits.charAt(0) != '0') {
      scanner.groups();
    }
    scanner.decimals();
    scanner.exponent();
    return new Scanned(scanner.digits.toString(), scanner.at, scanner.ambiguous, scanner.grouped);
  }

  private void digits() {
    while (isDigit(at)) {
      digits.append(source.charAt(at++));
    }
  }

  /** Whether decimals begin at a dot: digits, or the mark of a period that repeats. */
  static boolean isDecimal(String source, int dot) {
    char next = dot + 1 < source.length() ? source.charAt(dot + 1) : 0;
    return (next >= '0' && next <= '9')
        || source.startsWith("\\overline", dot + 1)
        || source.startsWith("\\bar", dot + 1)
        || source.startsWith("\\dot{", dot + 1)
        || source.startsWith("\\dot ", dot + 1)
        || (source.startsWith("\\dot", dot + 1)
            && dot + 5 < source.length()
            && Character.isDigit(source.charAt(dot + 5)));
  }

  private void decimals() {
    int behind = source.startsWith("{.}", at) ? at + 3 : at + 1;
    boolean dot = behind > at + 1 ? isDigit(behind) : source.startsWith(".", at);
    if (dot && (behind > at + 1 || isDecimal(source, at) || repeatsInParentheses(behind))) {
      digits.append(digits.isEmpty() ? "0." : ".");
      at = behind;
      digits();
    }
  }

  /** {@code (3)}, the period of {@code 0.(3)}. */
  private boolean repeatsInParentheses(int open) {
    int p = open + 1;
    while (isDigit(p)) {
      p++;
    }
    return source.startsWith("(", open) && p > open + 1 && source.startsWith(")", p);
  }

  /** {@code e-05} directly behind the digits, but not the E of digits with a base. */
  private void exponent() {
    boolean begins = at < source.length() && (source.charAt(at) == 'e' || source.charAt(at) == 'E');
    if (!begins || digits.isEmpty() || grouped) {
      return;
    }
    int p = at + 1;
    boolean negative = source.startsWith("-", p);
    if (negative || source.startsWith("+", p)) {
      p++;
    }
    int start = p;
    while (isDigit(p)) {
      p++;
    }
    // 2e-3 may be Euler's number less 3; no such doubt is left with 2.0e-3, 2E-3, 2e-03 and 2e3.
    boolean certain =
        p - start > 0
            && (start == at + 1
                || source.charAt(at) == 'E'
                || source.charAt(start) == '0'
                || digits.indexOf(".") >= 0
                || digits.toString().equals("1"));
    if (!certain
        || p - start > MAX_EXPONENT_DIGITS
        || source.startsWith("_", p)
        || (p < source.length() && isPartOfWord(p))) {
      return;
    }
    int exponent = Integer.parseInt(source.substring(start, p));
    BigDecimal value =
        new BigDecimal(digits.toString()).scaleByPowerOfTen(negative ? -exponent : exponent);
    digits.setLength(0);
    digits.append(value.toPlainString());
    at = p;
  }

  private boolean isPartOfWord(int p) {
    return Character.isLetter(source.charAt(p)) || source.charAt(p) == '.';
  }

  private void groups() {
    while (true) {
      int next = behindSeparator();
      boolean list = comma && space && !firm;
      boolean mixedNumber = !comma && !firm && source.startsWith("/", next + GROUP);
      if (next == at || !isGroup(next) || list || mixedNumber) {
        return;
      }
      if (comma && !firm) {
        ambiguous = true;
        if (!commasGroup) {
          return;
        }
        grouped = true;
      }
      digits.append(source, next, next + GROUP);
      at = next + GROUP;
    }
  }

  private int behindSeparator() {
    int p = at;
    comma = false;
    firm = false;
    space = false;
    while (true) {
      if (source.startsWith(",", p) && !comma) {
        comma = true;
        p++;
      } else if (source.startsWith("{", p) && !comma && bracedComma(p) > p) {
        comma = true;
        firm = true;
        p = bracedComma(p);
      } else if (source.startsWith("\\!", p) || source.startsWith("\\,", p)) {
        firm = true;
        p += 2;
      } else if (source.startsWith("\\ ", p)
          || source.startsWith("\\;", p)
          || source.startsWith("\\:", p)) {
        space = true;
        p += 2;
      } else if (source.startsWith(" ", p) || source.startsWith("~", p)) {
        space = true;
        p++;
      } else if (source.startsWith("'", p) && p == at && isGroup(p + 1)) {
        firm = true;
        p++;
      } else {
        return p;
      }
    }
  }

  /** The index behind {@code {,}}, with or without spaces inside; the same where there is none. */
  private int bracedComma(int open) {
    int p = open + 1;
    while (source.startsWith(" ", p)) {
      p++;
    }
    if (!source.startsWith(",", p)) {
      return open;
    }
    p++;
    while (source.startsWith(" ", p)) {
      p++;
    }
    return source.startsWith("}", p) ? p + 1 : open;
  }

  private boolean isGroup(int p) {
    return isDigit(p) && isDigit(p + 1) && isDigit(p + 2) && !isDigit(p + 3);
  }

  private boolean isDigit(int p) {
    return p < source.length() && source.charAt(p) >= '0' && source.charAt(p) <= '9';
  }
}
