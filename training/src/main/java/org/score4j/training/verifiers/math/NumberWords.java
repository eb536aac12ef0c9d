package org.score4j.training.verifiers.math;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * English words that are numbers or scale one: {@code twenty-five}, {@code one hundred and six},
 * {@code two thirds}, {@code half}, {@code 5 million}, {@code 3 dozen}, {@code 4 lakh}.
 */
final class NumberWords {
  private static final String[] SMALL =
      ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
              + "fifteen sixteen seventeen eighteen nineteen")
          .split(" ", -1);
  private static final String[] TENS =
      "twenty thirty forty fifty sixty seventy eighty ninety".split(" ", -1);

  private static final Map<String, Integer> CARDINALS = new HashMap<>();
  private static final Map<String, Rational> SCALES = new HashMap<>();
  private static final Map<String, Rational> FRACTIONS = new HashMap<>();

  static {
    for (int i = 0; i < SMALL.length; i++) {
      CARDINALS.put(SMALL[i], i);
    }
    for (int i = 0; i < TENS.length; i++) {
      CARDINALS.put(TENS[i], 20 + 10 * i);
    }
    CARDINALS.put("fourty", 40);
    scale("dozen dozens", 12);
    scale("gross", 144);
    scale("tens", 10);
    scale("hundred hundreds", 100);
    scale("thousand thousands 千", 1_000);
    scale("lakh lakhs lac lacs", 100_000);
    scale("million millions mln", 1_000_000);
    scale("crore crores", 10_000_000);
    scale("billion billions bln", 1_000_000_000);
    scale("trillion trillions", 1_000_000_000_000L);
    scale("quadrillion quadrillions", 1_000_000_000_000_000L);
    scale("百", 100);
    scale("万", 10_000);
    scale("萬", 10_000);
    scale("亿", 100_000_000);
    scale("億", 100_000_000);
    fraction("half halves", 2);
    fraction("third thirds", 3);
    fraction("quarter quarters fourth fourths", 4);
    String[] ordinals =
        ("fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
                + "sixteenth seventeenth eighteenth nineteenth twentieth")
            .split(" ", -1);
    for (int i = 0; i < ordinals.length; i++) {
      fraction(ordinals[i] + " " + ordinals[i] + "s", 5 + i);
    }
    for (int i = 1; i < TENS.length; i++) {
      String ordinal = TENS[i].substring(0, TENS[i].length() - 1) + "ieth";
      fraction(ordinal + " " + ordinal + "s", 20 + 10 * i);
    }
    fraction("hundredth hundredths", 100);
    fraction("thousandth thousandths", 1_000);
    fraction("millionth millionths", 1_000_000);
    fraction("billionth billionths", 1_000_000_000);
  }

  private NumberWords() {}

  private static void scale(String words, long value) {
    for (String word : words.split(" ", -1)) {
      SCALES.put(word, Rational.of(value));
    }
  }

  private static void fraction(String words, long denominator) {
    for (String word : words.split(" ", -1)) {
      FRACTIONS.put(word, Rational.of(1, denominator));
    }
  }

  /**
   * A number at the beginning of some words.
   *
   * @param value what it is
   * @param words how many words it takes
   */
  record Spelled(Rational value, int words) {}

  /** Whether a word is part of a number, or scales one. */
  static boolean isNumeral(String word) {
    String lower = word.toLowerCase(Locale.ROOT);
    return CARDINALS.containsKey(lower)
        || SCALES.containsKey(lower)
        || FRACTIONS.containsKey(lower);
  }

  /** The whole number of one word from zero to ninety; −1 for any other. */
  static int cardinal(String word) {
    return CARDINALS.getOrDefault(word.toLowerCase(Locale.ROOT), -1);
  }

  /**
   * What the word behind a number multiplies it by: 1,000,000 for million, ⅓ for thirds; null for a
   * word that does not.
   */
  static @Nullable Rational factor(String word) {
    String lower = word.toLowerCase(Locale.ROOT);
    Rational scale = SCALES.get(lower);
    return scale != null ? scale : FRACTIONS.get(lower);
  }

  /** The number that the words begin with; null where they begin with none. */
  static @Nullable Spelled spelled(List<String> words) {
    Reader reader = new Reader(words);
    Rational value = reader.number();
    return value == null ? null : new Spelled(value, reader.at);
  }

  private static final class Reader {
    private final List<String> words;
    private int at;

    Reader(List<String> words) {
      this.words = words;
    }

    private String word(int offset) {
      return at + offset < words.size() ? words.get(at + offset).toLowerCase(Locale.ROOT) : "";
    }

    @Nullable Rational number() {
      if (word(0).equals("a") || word(0).equals("an")) {
        Rational factor = factor(word(1));
        if (factor == null) {
          return null;
        }
        at++;
        return times(Rational.ONE);
      }
      if (FRACTIONS.containsKey(word(0)) && word(0).equals("half")) {
        at++;
        skipArticle();
        return Rational.of(1, 2);
      }
      if (cardinal(word(0)) < 0) {
        return null;
      }
      long whole = whole();
      Rational value = Rational.of(whole);
      if (word(0).equals("and")) {
        // Two and a half, two and two thirds.
        int before = at;
        at++;
        Rational part = part();
        Rational sum = part == null ? null : value.plus(part);
        if (sum != null) {
          return sum;
        }
        at = before;
      }
      return times(value);
    }

    private void skipArticle() {
      if (word(0).equals("of") && (word(1).equals("a") || word(1).equals("an"))) {
        at += 2;
      } else if (word(0).equals("a") || word(0).equals("an")) {
        at++;
      }
    }

    private @Nullable Rational part() {
      Rational count = Rational.ONE;
      if (word(0).equals("a") || word(0).equals("an")) {
        at++;
      } else if (cardinal(word(0)) > 0) {
        count = Rational.of(cardinal(word(0)));
        at++;
      }
      Rational fraction = FRACTIONS.get(word(0));
      if (fraction == null) {
        return null;
      }
      at++;
      return count.times(fraction);
    }

    /** With the scales and the fraction that follow. */
    private @Nullable Rational times(Rational value) {
      Rational product = value;
      while (product != null && factor(word(0)) != null) {
        Rational factor = factor(word(0));
        at++;
        product = factor == null ? null : product.times(factor);
      }
      return product;
    }

    /** Below a billion: {@code two hundred and six thousand one}. */
    private long whole() {
      long total = 0;
      long group = 0;
      boolean more = true;
      while (more) {
        String word = word(0);
        int cardinal = cardinal(word);
        boolean joins = word.equals("and") && group % 100 == 0 && cardinal(word(1)) > 0;
        if (cardinal >= 0 && fits(group, cardinal)) {
          group += cardinal;
          at++;
        } else if (word.equals("hundred") && group > 0 && group < 10) {
          group *= 100;
          at++;
        } else if ((word.equals("thousand") || word.equals("million")) && group > 0) {
          long scale = word.equals("thousand") ? 1_000 : 1_000_000;
          total += group * scale;
          group = 0;
          at++;
        } else if (joins && (group > 0 || total > 0)) {
          at++;
        } else {
          more = false;
        }
      }
      return total + group;
    }

    /** Five behind twenty, six behind two hundred; not five behind six. */
    private boolean fits(long group, int cardinal) {
      if (at == 0) {
        return true;
      }
      return cardinal > 0
          && (group % 100 == 0 || (group % 100 >= 20 && group % 10 == 0 && cardinal < 10));
    }
  }
}
