package org.score4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which regular expressions of a tokenizer.json are let through to the engine. */
class RegexCostTest {
  private static final Path REAL = Path.of("src/test/resources/tokenizers/regexes.json");

  static Stream<String> real() throws IOException {
    List<String> regexes = new ArrayList<>();
    for (JsonNode one : new ObjectMapper().readTree(REAL.toFile())) {
      regexes.add(one.path("regex").asText());
    }
    return regexes.stream();
  }

  @ParameterizedTest
  @MethodSource("real")
  void thoseOfPublishedTokenizers_pass(String regex) {
    // So that two million characters stay below the engine's ten million steps.
    assertThat(RegexCost.perCodePoint(regex)).isLessThanOrEqualTo(4);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(a+)+$",
        "(a*)*b",
        "(a|a)*$",
        "(a|aa)+$",
        "(a|b|ab)*c",
        "(.*)*x",
        "(.*a){12}",
        "(.+)+=.+",
        "^(([a-z])+.)+[A-Z]([a-z])+$",
        "(x+x+)+y",
        "(\\w+\\s?)*$",
        "([a-zA-Z]+)*\\d",
        "(?:a{1,50}){1,50}$",
        "(a?){30}a{30}",
        "a?a?a?a?a?a?a?a?aaaaaaaa",
        "(?:(?:a+)+b)?c",
        "((a+)+b)+",
        "(?:a*b|a)+",
        "(?=(a+)+$)",
        "(?!(?:a|a)+b)",
        "x(?<=(a+)+b)",
        "[\\s\\S]*(a|aa)*b",
        "(?i)(k|K)+$",
        "(\\p{L}|\\p{Lu})+\\d",
        "(?>(a+)+)b",
        "(a++)+b",
      })
  void exponentialOnes_areRefused(String regex) {
    assertThatThrownBy(() -> RegexCost.perCodePoint(regex)).isInstanceOf(RegexRefusal.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a*a*b",
        "\\s*\\s+x",
        ".*foo.*bar",
        "a+b*a+c",
        "\\d+\\d+$",
        "[a-z]*[x-z]*!",
        "\\w*\\p{L}*\\.",
        "a{0,200}a{0,200}b",
        "a+(?=a*b)",
        "(ab)*(?:ab)*c",
        "a*(a*|b)c",
        "(?i:[a-z]*)[A-Z]*\\d",
      })
  void quadraticOnesFromOnePosition_areRefused(String regex) {
    assertThatThrownBy(() -> RegexCost.perCodePoint(regex)).isInstanceOf(RegexRefusal.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(a)\\1",
        "(?<n>a)\\k<n>",
        "(?<n>a)\\g<n>",
        "(?<n>a|b\\g<n>c)",
        "(?~a)",
        "(?(1)a|b)",
        "a\\Kb",
        "\\X",
        "(*FAIL)",
        "(?x) a",
        "(a",
        "a)",
        "[a",
        "*a",
        "a\\",
        "a{200000}",
      })
  void whatIsNotRead_isRefused(String regex) {
    assertThatThrownBy(() -> RegexCost.perCodePoint(regex)).isInstanceOf(RegexRefusal.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      quoteCharacter = '"',
      value = {
        "\\p{L}+ 0",
        "(a+)+ 1",
        "\\s+$ 1",
        "a+b 1",
        "a?a+b 2",
        "a+b|c+d 2",
        "a{1,3}b+c 3",
        "(\\d{3})*\\b 1",
        "(?:ab|cd)*e 1",
        "(?:ab|ac)+ 2",
        "[^x]*x 1",
        "[ax]+[bx&&[b]]+c 1",
        "\\x{61}+\\u0062*c 1",
        "[[:alpha:]]+[[:^alpha:]]*\\z 1",
        "(?#note)a 0",
        "a{,3}b+c 4",
        "a{x}b 0",
      })
  void stepsBackPerCharacter_areCounted(String regex, long perCodePoint) {
    assertThat(RegexCost.perCodePoint(regex)).isEqualTo(perCodePoint);
  }

  @Test
  void depthIsBounded() {
    String groups = "(".repeat(100_000) + "a" + ")".repeat(100_000);
    assertThatThrownBy(() -> RegexCost.perCodePoint(groups))
        .isInstanceOf(RegexRefusal.class)
        .hasMessageContaining("levels");
    String classes = "[".repeat(100_000) + "a" + "]".repeat(100_000);
    assertThatThrownBy(() -> RegexCost.perCodePoint(classes)).isInstanceOf(RegexRefusal.class);
  }
}
