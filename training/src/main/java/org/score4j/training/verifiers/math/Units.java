package org.score4j.training.verifiers.math;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Units of measurement and labels. Nothing is converted: a metre is not 100 centimetres here, and a
 * value with a unit equals the same value without one; two different units differ.
 *
 * <p>A unit is known by name or symbol, SI prefixes included; symbols keep their case (MHz is no
 * mHz). A label says what was counted ({@code 20 apples}, {@code 18元}): a plural in -s or a noun of
 * a list of others, with adjectives before it. Words that change the number ({@code thirds}, {@code
 * below}, {@code fewer}, {@code incorrect}) are neither.
 */
final class Units {
  static final String DEGREE = "degree";
  static final String PERCENT = "percent";
  static final String DOLLAR = "dollar";

  /** Before the nouns of a label, in the name of a unit. */
  static final String LABEL = "#";

  private static final Map<String, String> NAMES = new HashMap<>();
  private static final Map<String, String> SYMBOLS = new HashMap<>();
  // Of a compound such as 5 feet 3 inches: the smaller unit, and how many of it the larger has.
  private static final Map<String, Map<String, Integer>> PARTS = new HashMap<>();

  private static final Set<String> CHANGING =
      words(
          "more less least most fewer few many much not no non nor than times fold double doubles",
          "doubled triple triples tripled quadruple quadrupled twice thrice once couple couples",
          "pair pairs score scores half halved minus plus negative negatives negated positive to",
          "over under above below beneath beyond before after past short off out up down from",
          "without mod modulo if when where unless while for only but except or and factorial",
          "squared cubed inverse inverses inverted reciprocal reciprocals opposite opposites",
          "undefined infinity infinite approximately about around roughly nearly almost remainder",
          "base is isn't equals equal incorrect incorrectly wrong wrongly false invalid impossible",
          "never none nothing unknown maybe perhaps possibly probably debt debts deficit deficits",
          "ones twos threes fours fives sixes sevens eights nines twenties fifties myriad myriads",
          "basis failed rejected excluded discarded cancelled canceled inaccurate mistaken untrue",
          "erroneous bogus absent void null",
          "loss losses lost missing owed borrowed guess guesses error mistake versus vs per");

  // In -s without being a plural.
  private static final Set<String> NO_PLURALS =
      words(
          "always sometimes besides perhaps afterwards backwards forwards towards upwards",
          "downwards nowadays otherwise does goes says makes gives needs costs earns gets has was",
          "its his hers ours yours theirs this thus plus yes less minus versus unless whereas");

  // Plurals in other letters, what has none, and singulars that stand with fractions and one.
  private static final Set<String> NOUNS =
      words(
          "people person child children man men woman women mouse mice tooth teeth goose geese"
              + " fish",
          "sheep deer oxen dice die money water milk rice flour sugar food paper chocolate fruit",
          "candy pizza cake pie bread juice cup cups tablespoon tbsp tbs teaspoon tsp bottle box"
              + " bag",
          "pack packet package can jar piece pieces pcs pc slice page book apple orange banana egg",
          "ticket point card ball game unit way integer digit number solution value side edge",
          "vertex vertices face triangle square circle term factor root student teacher boy girl"
              + " dog",
          "cat bird tree flower seed stamp sticker marble toy shirt room house car bus truck trip",
          "lap item set group row column team player member class grade step block coin bill dime",
          "nickel penny pennies bushel barrel scoop batch serving cookie meal plate loaf loaves",
          "staff crew cattle poultry matrix matrices axis axes index indices radius radii",
          "word letter question problem song movie mark vote bead brick tile bike wheel leg");

  private static final Set<String> TRAILERS =
      words(
          "left remaining remain total altogether each apiece old tall long wide high deep thick",
          "away apart sure certain now today overall again all exactly");

  private static final String COUNTERS =
      "个個只隻本人名位次条張张颗棵朵块件辆头匹页支枝瓶杯盒袋包箱份套组種种台把题枚岁歳歲步根间座艘架户所家场首篇句词字行列层段项組回冊匹명개마리권장";

  static {
    prefixed("m", "meter meters metre metres", "k c d m μ u n");
    prefixed("g", "gram grams gramme grammes", "k m μ u");
    prefixed("L", "liter liters litre litres", "m c d k");
    prefixed("l", "", "m c d k");
    prefixed("s", "second seconds", "m μ u n");
    prefixed("N", "newton newtons", "k M m");
    prefixed("J", "joule joules", "k M G m");
    prefixed("W", "watt watts", "k M G m");
    prefixed("V", "volt volts", "k M m");
    prefixed("A", "ampere amperes amp amps", "k m μ u");
    prefixed("K", "kelvin kelvins", "m");
    prefixed("Pa", "pascal pascals", "k M G h");
    prefixed("Hz", "hertz", "k M G T");
    prefixed("F", "farad farads", "m μ u n p");
    prefixed("C", "coulomb coulombs", "m μ u n");
    prefixed("eV", "electronvolt electronvolts", "k M G m");
    prefixed("cal", "calorie calories", "k");
    prefixed("mol", "mole moles", "m k");
    prefixed("B", "byte bytes", "k M G T P");
    prefixed("b", "bit bits", "k M G");
    prefixed("Ω", "ohm ohms", "k M m");
    prefixed("bar", "bars", "m");
    prefixed("Wh", "watt-hour", "k M G");
    alias("L", "l");
    for (String prefix : List.of("m", "c", "d", "k")) {
      alias(prefix + "L", prefix + "l");
    }
    alias("kB", "KB");
    alias("g", "gm", "gms");
    alias("kg", "kgs", "KG", "Kg", "kilo", "kilos");
    alias("km", "kms", "KM", "Km");
    alias("cm", "cms", "CM", "Cm");
    alias("mm", "mms", "MM");
    alias("mL", "ML", "mls");
    alias("s", "sec", "secs");
    alias("kcal", "kilocalories");
    names("inch", "inch inches");
    names("foot", "ft foot feet");
    names("yard", "yd yds yard yards");
    names("mile", "mi mile miles");
    names("acre", "acre acres");
    names("hectare", "hectare hectares ha");
    names("gallon", "gal gallon gallons");
    names("quart", "qt quart quarts");
    names("pint", "pint pints");
    names("pound", "lb lbs pound pounds");
    names("ounce", "oz ounce ounces");
    names("ton", "ton tons tonne tonnes");
    names("minute", "min mins minute minutes");
    names("hour", "hr hrs hour hours");
    SYMBOLS.put("h", "hour");
    names("day", "day days");
    names("week", "wk week weeks");
    names("month", "month months");
    names("year", "yr yrs year years");
    names("decade", "decade decades");
    names("century", "century centuries");
    names(DOLLAR, "dollar dollars usd buck bucks");
    names("cent", "cent cents");
    names("euro", "euro euros eur");
    names("sterling", "gbp");
    names("yen", "yen jpy");
    names("yuan", "yuan rmb cny renminbi");
    names("rupee", "rupee rupees inr rs");
    names("won", "won krw");
    names("ruble", "ruble rubles rouble roubles rub");
    names("peso", "peso pesos");
    names("franc", "franc francs");
    names(DEGREE, "degree degrees deg");
    names("celsius", "celsius centigrade");
    names("fahrenheit", "fahrenheit");
    names("radian", "rad radian radians");
    names(PERCENT, "percent percents percentage pct");
    names("am", "am");
    names("pm", "pm");
    names("mph", "mph");
    names("kph", "kph kmh kmph");
    names("mps", "mps");
    names("knot", "knot knots");
    names("yuan", "元 块 塊 圆 圓 人民币");
    names("yen", "円 엔");
    names("won", "원");
    alias("m", "米", "公尺");
    alias("cm", "厘米", "公分");
    alias("mm", "毫米");
    alias("km", "千米", "公里");
    alias("kg", "千克", "公斤");
    alias("g", "克");
    alias("L", "升");
    alias("mL", "毫升");
    alias("s", "秒", "秒钟", "초");
    names("ton", "吨 噸");
    names("hour", "小时 小時 时间 時間 시간");
    names("minute", "分钟 分鐘 분");
    names("day", "天 日");
    names("week", "周 星期 週");
    names("month", "月 个月 個月");
    names("year", "年");
    names(DEGREE, "度");
    names("m^2", "平方米");
    names("cm^2", "平方厘米");
    names("km^2", "平方千米 平方公里");
    names("m^3", "立方米");
    names("cm^3", "立方厘米");

    part("week", "day", 7);
    part("day", "hour", 24);
    part("hour", "minute", 60);
    part("minute", "s", 60);
    part("year", "month", 12);
    part("yard", "foot", 3);
    part("foot", "inch", 12);
    part("mile", "foot", 5280);
    part("pound", "ounce", 16);
    part("km", "m", 1000);
    part("m", "cm", 100);
    part("cm", "mm", 10);
    part("kg", "g", 1000);
    part("L", "mL", 1000);
    part(DOLLAR, "cent", 100);
    part("euro", "cent", 100);
    part("gallon", "quart", 4);
    part("quart", "pint", 2);
  }

  private Units() {}

  private static Set<String> words(String... lines) {
    return new HashSet<>(List.of(String.join(" ", lines).split(" ", -1)));
  }

  private static void names(String unit, String spellings) {
    for (String spelling : spellings.split(" ", -1)) {
      NAMES.put(spelling, unit);
    }
  }

  private static void alias(String unit, String... symbols) {
    for (String symbol : symbols) {
      SYMBOLS.put(symbol, unit);
    }
  }

  private static void part(String larger, String smaller, int count) {
    PARTS.computeIfAbsent(larger, unit -> new HashMap<>()).put(smaller, count);
  }

  private static void prefixed(String symbol, String names, String prefixes) {
    SYMBOLS.put(symbol, symbol);
    for (String name : names.split(" ", -1)) {
      if (!name.isEmpty()) {
        NAMES.put(name, symbol);
      }
    }
    for (String prefix : prefixes.split(" ", -1)) {
      String unit = (prefix.equals("u") ? "μ" : prefix) + symbol;
      SYMBOLS.put(prefix + symbol, unit);
      for (String name : names.split(" ", -1)) {
        if (!name.isEmpty()) {
          NAMES.put(prefixName(prefix) + name, unit);
        }
      }
    }
  }

  private static String prefixName(String prefix) {
    return switch (prefix) {
      case "n" -> "nano";
      case "μ", "u" -> "micro";
      case "m" -> "milli";
      case "c" -> "centi";
      case "d" -> "deci";
      case "h" -> "hecto";
      case "k", "K" -> "kilo";
      case "M" -> "mega";
      case "G" -> "giga";
      case "T" -> "tera";
      case "P" -> "peta";
      default -> "pico";
    };
  }

  /** The one name of a unit of measurement or currency; null for any other word. */
  static @Nullable String unit(String word) {
    String symbol = SYMBOLS.get(word);
    return symbol != null ? symbol : NAMES.get(word.toLowerCase(Locale.ROOT));
  }

  static boolean isUnit(String word) {
    return unit(word) != null || word.equals("in") || PREPOSED.contains(word);
  }

  private static final Set<String> PREPOSED = Set.of("square", "sq", "cubic", "cu", "per");

  /** How many of the smaller unit the larger one has; 0 where they are no such pair. */
  static int parts(String larger, String smaller) {
    Map<String, Integer> parts = PARTS.get(larger);
    return parts == null ? 0 : parts.getOrDefault(smaller, 0);
  }

  /** A word that outside of \text would be too short for one. */
  static boolean isWord(String word) {
    return word.length() > 1 && (NOUNS.contains(word) || TRAILERS.contains(word));
  }

  /** Whether a number with this word is no longer that number. */
  static boolean isChanging(String word) {
    return CHANGING.contains(word) || NumberWords.isNumeral(word);
  }

  /** What follows a unit or a noun and says nothing: left, in total, each. */
  static boolean isTrailer(String word) {
    return TRAILERS.contains(word);
  }

  /** Whether a word, in small letters, can be what was counted. */
  static boolean isNoun(String word) {
    if (isChanging(word) || NO_PLURALS.contains(word)) {
      return false;
    }
    if (NOUNS.contains(word)) {
      return true;
    }
    char first = word.charAt(0);
    if (isIdeograph(first)) {
      return COUNTERS.indexOf(first) >= 0;
    }
    return word.length() > 3
        && word.endsWith("s")
        && !word.endsWith("ss")
        && !word.endsWith("us")
        && !word.endsWith("is")
        && word.chars().allMatch(Character::isLetter);
  }

  /** Without the ending of a plural, so that way and ways are one word. */
  static String singular(String word) {
    if (word.length() > 4 && word.endsWith("ies")) {
      return word.substring(0, word.length() - 3) + "y";
    }
    boolean hisses =
        word.endsWith("ches")
            || word.endsWith("shes")
            || word.endsWith("xes")
            || word.endsWith("sses");
    if (word.length() > 4 && hisses) {
      return word.substring(0, word.length() - 2);
    }
    boolean plural = word.length() > 3 && word.endsWith("s") && !word.endsWith("ss");
    return plural && !word.endsWith("us") && !word.endsWith("is")
        ? word.substring(0, word.length() - 1)
        : word;
  }

  static boolean isIdeograph(char c) {
    return c >= 0x2E80
        && (Character.isIdeographic(c)
            || (c >= 0x3040 && c <= 0x30FF)
            || (c >= 0xAC00 && c <= 0xD7AF));
  }

  /**
   * Whether two units may stand for the same: one is missing, they are the same, or two labels of
   * which one says more than the other ({@code red apples} and {@code apples}).
   */
  static boolean compatible(String a, String b) {
    if (a.isEmpty() || b.isEmpty() || a.equals(b)) {
      return true;
    }
    if (a.startsWith(LABEL) && b.startsWith(LABEL)) {
      Set<String> left = Set.of(a.substring(1).split(" ", -1));
      Set<String> right = Set.of(b.substring(1).split(" ", -1));
      return left.containsAll(right) || right.containsAll(left);
    }
    return isOneOf(a, b, "pound", "sterling")
        || isOneOf(a, b, DEGREE, "celsius")
        || isOneOf(a, b, "C", "celsius")
        || isOneOf(a, b, "F", "fahrenheit")
        || isOneOf(a, b, DEGREE, "fahrenheit")
        || isOneOf(a, b, "¥", "yuan")
        || isOneOf(a, b, "¥", "yen");
  }

  private static boolean isOneOf(String a, String b, String one, String other) {
    return (a.equals(one) && b.equals(other)) || (a.equals(other) && b.equals(one));
  }

  /** The one name of units and their powers: {@code m*s^-2}. */
  static String product(List<String> units, List<Integer> powers) {
    List<String> factors = new ArrayList<>();
    for (int i = 0; i < units.size(); i++) {
      factors.add(powers.get(i) == 1 ? units.get(i) : units.get(i) + "^" + powers.get(i));
    }
    factors.sort(null);
    String product = String.join("*", factors);
    return switch (product) {
      case "hour^-1*mile" -> "mph";
      case "hour^-1*km" -> "kph";
      case "m*s^-1" -> "mps";
      default -> product;
    };
  }
}
