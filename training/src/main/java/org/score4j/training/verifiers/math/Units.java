package org.score4j.training.verifiers.math;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Units of measurement. Nothing is converted: a metre is not 100 centimetres here, and a value with
 * a unit equals the same value without one.
 */
final class Units {
  static final String DEGREE = "degree";
  static final String PERCENT = "percent";
  static final String DOLLAR = "dollar";

  private static final Map<String, String> NAMES = new HashMap<>();

  // Words that belong to a unit without measuring anything.
  private static final Set<String> FILLERS = Set.of("of", "the", "a", "an", "in");

  // A number followed by one of these is not that number.
  private static final Set<String> CHANGING =
      Set.of(
          "more",
          "less",
          "least",
          "most",
          "not",
          "no",
          "than",
          "times",
          "dozen",
          "hundred",
          "thousand",
          "million",
          "billion",
          "trillion",
          "pairs",
          "pair",
          "half",
          "minus",
          "plus",
          "to",
          "over",
          "mod",
          "modulo",
          "if",
          "when",
          "where",
          "for",
          "only",
          "but",
          "except",
          "or",
          "and",
          "factorial",
          "squared",
          "cubed",
          "undefined",
          "infinity",
          "approximately",
          "remainder",
          "base",
          "is",
          "equals");

  static {
    names("mm", "mm millimeter millimeters millimetre millimetres");
    names("cm", "cm centimeter centimeters centimetre centimetres");
    names("m", "m meter meters metre metres");
    names("km", "km kilometer kilometers kilometre kilometres");
    names("inch", "inch inches");
    names("foot", "ft foot feet");
    names("yard", "yd yard yards");
    names("mile", "mi mile miles");
    names("acre", "acre acres");
    names("hectare", "hectare hectares ha");
    names("liter", "l liter liters litre litres");
    names("ml", "ml milliliter milliliters millilitre millilitres");
    names("gallon", "gal gallon gallons");
    names("quart", "qt quart quarts");
    names("pint", "pint pints");
    names("gram", "g gm gram grams");
    names("kg", "kg kilogram kilograms");
    names("mg", "mg milligram milligrams");
    names("pound", "lb lbs pound pounds");
    names("ounce", "oz ounce ounces");
    names("ton", "ton tons tonne tonnes");
    names("second", "s sec secs second seconds");
    names("minute", "min mins minute minutes");
    names("hour", "h hr hrs hour hours");
    names("day", "day days");
    names("week", "week weeks");
    names("month", "month months");
    names("year", "yr yrs year years");
    names(DOLLAR, "dollar dollars usd");
    names("cent", "cent cents");
    names("euro", "euro euros eur");
    names(DEGREE, "degree degrees deg");
    names("radian", "rad radian radians");
    names(PERCENT, "percent percents percentage");
    names("am", "am");
    names("pm", "pm");
    names("square", "square sq");
    names("cubic", "cubic cu");
    names("per", "per");
    names("mph", "mph");
  }

  private Units() {}

  private static void names(String unit, String spellings) {
    for (String spelling : spellings.split(" ", -1)) {
      NAMES.put(spelling, unit);
    }
  }

  static boolean isUnit(String word) {
    return NAMES.containsKey(word) || word.equals("in");
  }

  /**
   * The one name of a unit: {@code square cm} for {@code sq. centimeters} and {@code cm^2}; empty
   * for what merely says what was counted ({@code ways}, {@code square units}); null when the words
   * change the number's meaning, as in {@code 5 or more}.
   *
   * @param power 1, or the exponent behind the words
   */
  static @Nullable String canonical(List<String> words, int power) {
    List<String> names = new ArrayList<>();
    boolean measured = true;
    for (String word : words) {
      String lower = word.toLowerCase(Locale.ROOT);
      if (CHANGING.contains(lower)) {
        return null;
      }
      String name = NAMES.get(lower);
      if (name != null) {
        names.add(name);
      } else if (words.size() == 1 && lower.equals("in")) {
        names.add("inch");
      } else if (!FILLERS.contains(lower)) {
        measured = false;
      }
    }
    if (!measured || names.isEmpty()) {
      return "";
    }
    if (power == 2 || power == 3) {
      names.add(0, power == 2 ? "square" : "cubic");
    }
    String joined = String.join(" ", names);
    return joined.equals("mile per hour") ? "mph" : joined;
  }
}
