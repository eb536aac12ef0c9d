package org.score4j.training.verifiers.math;

/**
 * One number of a text: digits in groups of three behind separators, then decimals. A comma alone
 * may also separate a list's elements; {@code ,\!}, {@code {,}} and {@code \,} may not.
 */
final class NumberScanner {
  private static final int GROUP = 3;

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
    return new Scanned(scanner.digits.toString(), scanner.at, scanner.ambiguous, scanner.grouped);
  }

  private void digits() {
    while (isDigit(at)) {
      digits.append(source.charAt(at++));
    }
  }

  private void decimals() {
    if (at < source.length()
        && source.charAt(at) == '.'
        && (isDigit(at + 1) || source.startsWith("\\overline", at + 1))) {
      digits.append('.');
      at++;
      digits();
    }
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
      } else if (source.startsWith("{,}", p) && !comma) {
        comma = true;
        firm = true;
        p += 3;
      } else if (source.startsWith("\\!", p) || source.startsWith("\\,", p)) {
        firm = true;
        p += 2;
      } else if (source.startsWith(" ", p)) {
        space = true;
        p++;
      } else {
        return p;
      }
    }
  }

  private boolean isGroup(int p) {
    return isDigit(p) && isDigit(p + 1) && isDigit(p + 2) && !isDigit(p + 3);
  }

  private boolean isDigit(int p) {
    return p < source.length() && source.charAt(p) >= '0' && source.charAt(p) <= '9';
  }
}
