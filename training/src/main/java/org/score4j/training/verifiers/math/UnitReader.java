package org.score4j.training.verifiers.math;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.score4j.training.verifiers.math.Token.Kind;

/**
 * Reads what stands behind a value: {@code million dollars}, {@code square cm}, {@code m/s^2},
 * {@code miles per hour}, {@code red apples left}, {@code thirds}. Whatever is neither a unit nor a
 * label nor a factor makes the whole unreadable, for it may change the value.
 */
final class UnitReader {
  private static final int MAX_POWER = 6;

  private final Tokens tokens;
  private final String currency;
  private final List<String> units = new ArrayList<>();
  private final List<Integer> powers = new ArrayList<>();
  private final List<String> label = new ArrayList<>();
  private Rational factor = Rational.ONE;
  private boolean labelled;
  private int sign = 1;
  private int preposedPower = 1;
  private int at;

  private UnitReader(String currency, Tokens tokens) {
    this.currency = currency;
    this.tokens = tokens;
    if (!currency.isEmpty()) {
      add(currency);
    }
  }

  /**
   * What stands behind a value.
   *
   * @param factor what the value is multiplied by: 12 for dozen
   * @param unit a unit of {@link Units}, empty where it says nothing
   */
  record Quantity(Rational factor, String unit) {}

  /**
   * The quantity.
   *
   * @param currency what stands before the value; empty where nothing does
   */
  static Quantity read(String currency, Tokens tokens) throws UnreadableException {
    UnitReader reader = new UnitReader(currency, tokens);
    reader.all();
    return new Quantity(reader.factor, reader.unit());
  }

  private void all() throws UnreadableException {
    while (at < tokens.size()) {
      Token token = tokens.get(at);
      switch (token.kind()) {
        case WORD -> word(token.text());
        case LETTER -> letter(token.text());
        case CURRENCY -> {
          add(token.text());
          at++;
        }
        case PERCENT -> {
          add(Units.PERCENT);
          at++;
        }
        case OPERATOR -> operator(token);
        default -> throw unreadable(token.text());
      }
    }
    if (label.isEmpty() && (preposedPower != 1 || sign < 0)) {
      throw unreadable("a unit without its end");
    }
  }

  private static UnreadableException unreadable(String what) {
    return new UnreadableException("'%s' behind a value".formatted(what));
  }

  private void operator(Token token) throws UnreadableException {
    boolean begun = !units.isEmpty();
    if (begun && token.text().equals("/")) {
      sign = -1;
      at++;
    } else if (begun && token.text().equals("*")) {
      at++;
    } else if (begun && token.text().equals("^")) {
      at++;
      power(exponent());
    } else {
      throw unreadable(token.text());
    }
  }

  /** An exponent at the cursor: 2, {2} or {-1}. */
  private int exponent() throws UnreadableException {
    boolean braced = at < tokens.size() && tokens.get(at).kind() == Kind.GROUP_OPEN;
    at += braced ? 1 : 0;
    boolean negative = at < tokens.size() && tokens.get(at).is(Kind.OPERATOR, "-");
    at += negative ? 1 : 0;
    String digits = at < tokens.size() && tokens.get(at).isNumber() ? tokens.get(at).text() : "";
    at++;
    if (digits.length() != 1 || digits.charAt(0) - '0' > MAX_POWER || digits.equals("0")) {
      throw new UnreadableException("a unit to another power than 1 to 6");
    }
    if (braced && !(at < tokens.size() && tokens.get(at++).kind() == Kind.GROUP_CLOSE)) {
      throw new UnreadableException("'}' is missing");
    }
    return negative ? '0' - digits.charAt(0) : digits.charAt(0) - '0';
  }

  private void power(int power) {
    int last = powers.size() - 1;
    powers.set(last, powers.get(last) * power);
  }

  /** C, F or K behind a degree sign. */
  private void letter(String letter) throws UnreadableException {
    if (at != 0 || tokens.size() != 1 || !"CFK".contains(letter)) {
      throw unreadable(letter);
    }
    degrees(letter);
    at++;
  }

  private void degrees(String scale) {
    add(
        switch (scale) {
          case "C" -> "celsius";
          case "F" -> "fahrenheit";
          default -> "K";
        });
  }

  private void add(String unit) {
    units.add(unit);
    powers.add(sign * preposedPower);
    sign = 1;
    preposedPower = 1;
  }

  private void word(String word) throws UnreadableException {
    String lower = word.toLowerCase(Locale.ROOT);
    Rational multiple = NumberWords.factor(lower);
    if (multiple != null && isBehindNumber()) {
      Rational product = factor.times(multiple);
      if (product == null) {
        throw unreadable(word);
      }
      factor = product;
      at++;
      return;
    }
    // A is the unit of current.
    switch (word.equals("A") ? word : lower) {
      case "per" -> per();
      case "a", "an" -> article();
      case "square", "sq" -> preposed(2);
      case "cubic", "cu" -> preposed(3);
      case "squared" -> postposed(2);
      case "cubed" -> postposed(3);
      case "of" -> partitive();
      case "in" -> in();
      default -> unitOrLabel(word, lower);
    }
  }

  /** Whether nothing but a currency in front of the value is known of its unit yet. */
  private boolean isBehindNumber() {
    return label.isEmpty() && (units.isEmpty() || (units.size() == 1 && !currency.isEmpty()));
  }

  private void per() throws UnreadableException {
    String next = at + 1 < tokens.size() ? tokens.get(at + 1).text() : "";
    if (label.isEmpty() && units.size() == (currency.isEmpty() ? 0 : 1)) {
      if (next.equals("cent")) {
        if (!currency.isEmpty()) {
          throw unreadable("per cent");
        }
        add(Units.PERCENT);
        at += 2;
        return;
      }
      if (units.isEmpty() && Units.unit(next) == null) {
        throw unreadable("per");
      }
    }
    finishLabel();
    sign = -1;
    at++;
  }

  /** {@code miles an hour}; an article anywhere else says nothing. */
  private void article() throws UnreadableException {
    boolean rate = !units.isEmpty() || !label.isEmpty();
    if (rate && at + 1 < tokens.size() && Units.unit(tokens.get(at + 1).text()) != null) {
      finishLabel();
      sign = -1;
    }
    at++;
  }

  private void preposed(int power) throws UnreadableException {
    boolean last = at + 1 == tokens.size();
    if (last) {
      throw unreadable("a power without its unit");
    }
    preposedPower = power;
    at++;
  }

  private void postposed(int power) throws UnreadableException {
    if (units.isEmpty()) {
      throw unreadable("a power of the value");
    }
    power(power);
    at++;
  }

  /** What follows "of" only says of what: {@code 5 pounds of apples}. */
  private void partitive() throws UnreadableException {
    boolean behindNoun = !units.isEmpty() || labelled;
    if (!behindNoun || at + 1 == tokens.size()) {
      throw unreadable("of");
    }
    rest();
  }

  /** Inches where it stands last, else what of: {@code in total}, {@code in height}. */
  private void in() throws UnreadableException {
    if (at + 1 == tokens.size() || tokens.get(at + 1).kind() != Kind.WORD) {
      add("inch");
      at++;
    } else if (units.isEmpty() && label.isEmpty() && tokens.size() == at + 2) {
      String next = tokens.get(at + 1).text().toLowerCase(Locale.ROOT);
      if (!Units.isTrailer(next)) {
        throw unreadable("in " + next);
      }
      at += 2;
    } else {
      rest();
    }
  }

  /** The words to the end; none of them may change the value. */
  private void rest() throws UnreadableException {
    for (at++; at < tokens.size(); at++) {
      String lower = tokens.get(at).text().toLowerCase(Locale.ROOT);
      if (tokens.get(at).kind() != Kind.WORD || Units.isChanging(lower)) {
        throw unreadable(lower);
      }
    }
  }

  private void unitOrLabel(String word, String lower) throws UnreadableException {
    if (Units.isIdeograph(word.charAt(0))) {
      ideographs(word);
      return;
    }
    if (Units.isChanging(lower)) {
      throw unreadable(word);
    }
    String unit = Units.unit(word);
    if (lower.equals("unit") || lower.equals("units")) {
      // Square units of what? It says nothing.
      preposedPower = 1;
      sign = 1;
    } else if (isScale(unit)) {
      units.removeLast();
      powers.removeLast();
      degrees(word.substring(0, 1).toUpperCase(Locale.ROOT));
    } else if (unit != null && label.isEmpty()) {
      boolean again = !currency.isEmpty() && isBehindNumber() && sign > 0;
      if (!again) {
        add(unit);
      } else if (!Units.compatible(currency, unit)) {
        throw unreadable("two currencies");
      }
    } else if (!Units.isTrailer(lower)) {
      labelWord(lower);
    }
    at++;
  }

  /** C, Celsius, F or Fahrenheit behind "degrees". */
  private boolean isScale(@Nullable String unit) {
    boolean scale =
        unit != null
            && (unit.equals("C")
                || unit.equals("F")
                || unit.equals("K")
                || unit.equals("celsius")
                || unit.equals("fahrenheit"));
    return scale && units.size() == 1 && units.getFirst().equals(Units.DEGREE);
  }

  private void labelWord(String lower) throws UnreadableException {
    if (!lower.chars().allMatch(Character::isLetter) || lower.length() < 2) {
      throw unreadable(lower);
    }
    labelled |= Units.isNoun(lower);
    label.add(Units.singular(lower));
  }

  /** {@code 万元}: scales, then a unit or what was counted. */
  private void ideographs(String word) throws UnreadableException {
    String rest = word;
    while (!rest.isEmpty() && Units.unit(rest) == null) {
      Rational multiple = NumberWords.factor(rest.substring(0, 1));
      Rational product = multiple == null ? null : factor.times(multiple);
      if (product == null) {
        break;
      }
      factor = product;
      rest = rest.substring(1);
    }
    String unit = Units.unit(rest);
    if (unit != null) {
      add(unit);
    } else if (!rest.isEmpty()) {
      if (!Units.isNoun(rest)) {
        throw unreadable(word);
      }
      labelled = true;
      label.add(rest);
    }
    at++;
  }

  /** {@code apples per} day: the label so far is a unit. */
  private void finishLabel() throws UnreadableException {
    if (label.isEmpty()) {
      return;
    }
    if (!labelled) {
      throw unreadable(String.join(" ", label));
    }
    add(Units.LABEL + String.join(" ", label.stream().sorted().distinct().toList()));
    label.clear();
    labelled = false;
  }

  private String unit() throws UnreadableException {
    if (!label.isEmpty() && sign > 0 && powers.stream().allMatch(power -> power == 1)) {
      // A dollar bill and a light year are no dollar and no year.
      label.addAll(0, units);
      units.clear();
      powers.clear();
    }
    finishLabel();
    return Units.product(units, powers);
  }
}
