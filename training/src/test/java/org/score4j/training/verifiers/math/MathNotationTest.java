package org.score4j.training.verifiers.math;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.score4j.training.verifiers.SharedData;

/** One answer in other notations: what must not change a verdict, and what must. */
class MathNotationTest {
  private static final String SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

  private final MathEquality equality = new MathEquality(MathVerifier.DEFAULT_TIME_LIMIT);

  /** Every answer of MATH, written as other models and data sets write it. */
  @TestFactory
  Stream<DynamicTest> everyGoldAnswerIsItselfInAnotherNotation() throws IOException {
    Map<String, UnaryOperator<String>> notations = new LinkedHashMap<>();
    notations.put("upright i", replace("(?<![a-zA-Z\\\\])i(?![a-zA-Z])", "\\\\mathrm{i}"));
    notations.put("raised digits", MathNotationTest::raised);
    notations.put("no-break spaces", s -> s.replace(' ', '\u00a0'));
    notations.put("narrow no-break spaces", s -> s.replace(' ', '\u202f'));
    notations.put("thin spaces and zero-width ones", s -> s.replace(" ", "\u2009\u200b"));
    notations.put("a larger size", s -> "\\large " + s);
    notations.put("a box of colour", s -> "\\colorbox{yellow}{" + s + "}");
    notations.put("space between rows", s -> s.replace("\\\\", "\\\\[4pt]"));
    notations.put("over", MathNotationTest::over);
    notations.put("full-width digits", MathNotationTest::fullWidthDigits);
    notations.put("full-width brackets", s -> s.replace('(', '（').replace(')', '）'));
    notations.put("full-width commas", replace(",(?=\\s)", "，"));
    notations.put("the minus sign", s -> s.replace('-', '\u2212'));
    notations.put("the no-break hyphen", s -> s.replace('-', '\u2011'));
    notations.put("root signs", replace("\\\\sqrt\\{(\\d+)\\}(?!\\s*[\\d{])", "√$1"));
    notations.put("unions", s -> s.replace("\\cup", "∪"));
    notations.put("unions by a letter", replace("([)\\]]) *\\\\cup *(?=[(\\[])", "$1 U "));
    notations.put("Greek letters", s -> s.replace("\\pi", "π").replace("\\theta", "θ"));
    notations.put("degrees by a letter", s -> s.replace("^\\circ", "^o"));
    List<String> golds = golds();
    return notations.entrySet().stream()
        .map(
            notation ->
                DynamicTest.dynamicTest(
                    notation.getKey(),
                    () -> {
                      List<String> lost = new ArrayList<>();
                      int changed = 0;
                      for (String gold : golds) {
                        String other = notation.getValue().apply(gold);
                        changed += other.equals(gold) ? 0 : 1;
                        if (equality.compare(gold, other) != MathEquality.Outcome.EQUAL) {
                          lost.add(gold + "  " + other);
                        }
                      }
                      assertThat(lost).isEmpty();
                      assertThat(changed).as("answers with this notation").isGreaterThan(10);
                    }));
  }

  private static List<String> golds() throws IOException {
    Set<String> golds = new LinkedHashSet<>();
    for (String file :
        List.of("math/math12k_train.norm.jsonl.gz", "math/math500_test.norm.jsonl.gz")) {
      SharedData.rows(file).forEach(row -> golds.add(row.path("answer").asText("")));
    }
    // A fraction of a triangle is equal by its spelling alone.
    golds.removeIf(
        gold -> gold.isBlank() || gold.equals("null") || gold.contains("\\triangle ABC"));
    return List.copyOf(golds);
  }

  private static UnaryOperator<String> replace(String pattern, String replacement) {
    Pattern compiled = Pattern.compile(pattern);
    return text -> compiled.matcher(text).replaceAll(replacement);
  }

  private static String raised(String text) {
    return Pattern.compile("\\^(?:(\\d)(?!\\d)|\\{(\\d+)\\})")
        .matcher(text)
        .replaceAll(
            match -> {
              StringBuilder digits = new StringBuilder();
              String exponent = match.group(1) == null ? match.group(2) : match.group(1);
              exponent.chars().forEach(c -> digits.append(SUPERSCRIPTS.charAt(c - '0')));
              return digits.toString();
            });
  }

  private static String over(String text) {
    return Pattern.compile("\\\\d?frac\\{([^{}]*)\\}\\{([^{}]*)\\}")
        .matcher(text)
        .replaceAll("{$1 \\\\over $2}");
  }

  private static String fullWidthDigits(String text) {
    StringBuilder wide = new StringBuilder();
    text.chars().forEach(c -> wide.append((char) (c >= '0' && c <= '9' ? c - '0' + '０' : c)));
    return wide.toString();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "10\\text{ cm} | 10\u00a0cm",
        "12345 | 12\u202f345",
        "12345 | 12\u00a0345",
        "7 | 7\u00a0",
        "12 | \u200b12",
        "12 | 12\ufeff",
        "12 | \u206612\u2069",
        "x^2 | \ud835\udc65²",
        "0.\\overline{3} | 0.3\u0305",
        "0.\\overline{27} | 0.2\u03057\u0305",
        "0.\\overline{3} | 0.3\u0307"
      })
  void charactersThatNobodySeesSayNothing(String reference, String answer) {
    assertThat(equality.compare(reference, answer)).isEqualTo(MathEquality.Outcome.EQUAL);
  }

  /** Spellings of a line are one unit; those of two lines are never equal. */
  @Test
  void differentUnitsAreNeverEqual() {
    List<String[]> units =
        Stream.of(
                "mm;millimeters",
                "cm;centimetres",
                "m;meters",
                "km;kilometers",
                "nm",
                "μm",
                "inches",
                "feet;ft",
                "yards",
                "miles",
                "acres",
                "hectares",
                "L;l;liters",
                "mL;ml",
                "gallons",
                "quarts",
                "pints",
                "g;grams;gm",
                "kg;kilograms",
                "mg",
                "lbs",
                "ounces",
                "tons",
                "s;sec;seconds",
                "ms;milliseconds",
                "minutes;min",
                "hours;h;hr",
                "days",
                "weeks",
                "months",
                "years",
                "decades",
                "centuries",
                "dollars",
                "cents",
                "euros",
                "yen",
                "yuan",
                "rupees",
                "pesos",
                "N;newtons",
                "kN;kilonewtons",
                "J;joules",
                "kJ;kilojoules",
                "W;watts",
                "kW;kilowatts",
                "MW;megawatts",
                "mW",
                "kWh",
                "V;volts",
                "mV",
                "A;amperes",
                "Hz;hertz",
                "kHz",
                "MHz;megahertz",
                "GHz",
                "Pa",
                "kPa",
                "bytes",
                "kilobytes;kB",
                "MB;megabytes",
                "GB",
                "bits",
                "calories",
                "kcal",
                "radians",
                "degrees",
                "percent",
                "mph;miles per hour;miles/hour",
                "km/h;kilometers per hour",
                "m/s;meters per second",
                "m/s^2",
                "cm^2;square cm;square centimeters",
                "cm^3;cubic centimeters",
                "m^2",
                "m^3",
                "dollars per hour",
                "dollars per day",
                "apples;red apples",
                "oranges",
                "students",
                "people",
                "ways")
            .map(line -> line.split(";", -1))
            .toList();
    for (int i = 0; i < units.size(); i++) {
      for (String one : units.get(i)) {
        assertThat(compare("7", "7\\text{ " + one + "}")).as(one).isTrue();
        for (int j = 0; j < units.size(); j++) {
          for (String other : units.get(j)) {
            assertThat(compare("7\\text{ " + one + "}", "7\\text{ " + other + "}"))
                .as("%s, %s", one, other)
                .isEqualTo(i == j);
          }
        }
      }
    }
  }

  private boolean compare(String reference, String answer) {
    return equality.compare(reference, answer) == MathEquality.Outcome.EQUAL;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "thirds",
        "fourths",
        "fifths",
        "sixths",
        "sevenths",
        "eighths",
        "ninths",
        "tenths",
        "twelfths",
        "twentieths",
        "hundredths",
        "thousandths",
        "halves",
        "quarters",
        "half",
        "dozen",
        "hundred",
        "thousand",
        "lakh",
        "crore",
        "million",
        "billion",
        "trillion",
        "gross",
        "below",
        "degrees below zero",
        "under",
        "less",
        "fewer",
        "fewer apples",
        "more",
        "not",
        "never",
        "incorrect",
        "wrong",
        "wrong answers",
        "false",
        "negative",
        "negatives",
        "doubled",
        "tripled",
        "halved",
        "squared",
        "cubed",
        "times",
        "fold",
        "pairs",
        "short",
        "out of 12",
        "factorial",
        "reciprocal",
        "inverse",
        "minus 2",
        "plus 2",
        "or more",
        "at least",
        "x",
        "xy",
        "abc",
        "i",
        "万",
        "倍",
        "分之一"
      })
  void aWordThatChangesTheValueIsNoUnit(String words) {
    for (String number : List.of("7", "12", "2.5", "-3", "\\frac{3}{4}", "\\sqrt{2}", "x")) {
      assertThat(compare(number, number + "\\text{ " + words + "}")).as(number).isFalse();
      assertThat(compare(number + "\\text{ " + words + "}", number)).as(number).isFalse();
    }
    assertThat(compare("7", "7 " + words)).isFalse();
  }

  /** A scale multiplies, whichever word it is. */
  @ParameterizedTest
  @CsvSource({
    "dozen, 84", "hundred, 700", "thousand, 7000", "lakh, 700000", "million, 7000000",
    "crore, 70000000", "billion, 7000000000", "halves, 3.5", "thirds, \\frac73", "quarters, 1.75",
    "fifths, 1.4", "tenths, 0.7", "hundredths, 0.07", "sixteenths, \\frac{7}{16}"
  })
  void aScaleMultiplies(String word, String value) {
    assertThat(compare(value, "7\\text{ " + word + "}")).isTrue();
    assertThat(compare(value, "7 " + word)).isTrue();
    assertThat(compare(value, "\\text{seven " + word + "}")).isTrue();
  }

  /** Named values match their tuple in every order, and no other tuple. */
  @Test
  void namedValuesMatchTheTupleInEveryOrder() {
    Random random = new Random(Long.getLong("score4j.seed", 11));
    List<String> families = List.of("x y", "x y z", "a b c", "m n", "p q r", "u v", "x_1 x_2 x_3");
    for (int round = 0; round < 300; round++) {
      List<String> names = Arrays.asList(families.get(random.nextInt(7)).split(" ", -1));
      List<String> values = new ArrayList<>();
      for (int i = 0; i < names.size(); i++) {
        values.add(Integer.toString(10 * i + random.nextInt(10) - 9));
      }
      List<Integer> order = new ArrayList<>();
      for (int i = 0; i < names.size(); i++) {
        order.add(i);
      }
      String tuple = "(" + String.join(",", values) + ")";
      Collections.shuffle(order, random);
      List<String> assignments =
          order.stream().map(i -> names.get(i) + "=" + values.get(i)).toList();
      Collections.rotate(order, 1);
      List<String> wrong = new ArrayList<>();
      for (int i = 0; i < names.size(); i++) {
        wrong.add(names.get(i) + "=" + values.get((i + 1) % names.size()));
      }
      for (String separator : List.of(", ", " \\\\ ", " \\quad ", "\\text{ and }", "; ")) {
        String given = String.join(separator, assignments);
        assertThat(compare(tuple, given)).as("%s, %s", tuple, given).isTrue();
        String other = String.join(separator, wrong);
        assertThat(compare(tuple, other)).as("%s, %s", tuple, other).isFalse();
        assertThat(compare(values.getFirst(), given)).as(given).isFalse();
        assertThat(compare(values.getLast(), given)).as(given).isFalse();
      }
      String system = "\\begin{cases}" + String.join("\\\\", assignments) + "\\end{cases}";
      String aligned =
          "\\begin{aligned}"
              + String.join("\\\\", assignments).replace("=", "&=")
              + "\\end{aligned}";
      String array =
          "\\left\\{\\begin{array}{l}" + String.join("\\\\", assignments) + "\\end{array}\\right.";
      for (String given : List.of(system, aligned, array)) {
        assertThat(compare(tuple, given)).as("%s, %s", tuple, given).isTrue();
        assertThat(compare(String.join(",", assignments), given)).as(given).isTrue();
        assertThat(compare(String.join(",", wrong), given)).as(given).isFalse();
      }
    }
  }

  /** Several values are a list, right against the same list alone: a hedge earns nothing. */
  @Test
  void aListIsNoneOfItsElements() {
    List<String> values = List.of("3", "-2", "\\frac12", "\\sqrt2", "x+1", "2\\pi", "B");
    for (String one : values) {
      for (String other : values) {
        for (String separator :
            List.of(", ", "\\text{ or }", "\\text{ and }", ";", " \\\\ ", "、", "，")) {
          String list = one + separator + other;
          if (!one.equals(other)) {
            assertThat(compare(one, list)).as(list).isFalse();
            assertThat(compare(other, list)).as(list).isFalse();
            assertThat(compare(one + ", " + other, list)).as(list).isTrue();
            assertThat(compare(other + ", " + one, list)).as(list).isTrue();
          }
        }
      }
    }
  }

  /** A chain is its value only where all of its sides but names agree. */
  @Test
  void aChainWhoseSidesDifferHasNoValue() {
    List<String> values = List.of("5", "6", "\\frac12", "\\sqrt3");
    for (String first : values) {
      for (String last : values) {
        for (String chain : List.of("x=%s=%s", "AB=%s=%s", "f(2)=%s=%s", "%s=%s", "x=y=%s=%s")) {
          String answer = chain.formatted(first, last);
          assertThat(compare(last, answer)).as(answer).isEqualTo(first.equals(last));
          assertThat(compare(first, answer)).as(answer).isEqualTo(first.equals(last));
        }
      }
    }
  }
}
