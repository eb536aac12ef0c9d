package org.score4j.training.verifiers.math;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whether two values that stand near each other are alternatives or parts of one answer, as in
 * {@code \boxed{5} or \boxed{6}}, by what stands between them.
 */
final class Alternatives {
  /** Text further apart is not looked at. */
  static final int MAX_BETWEEN = 120;

  private static final int MAX_WORDS_WITH_OR = 10;
  private static final int MAX_WORDS_BEHIND_OR = 4;
  private static final int MAX_UNIT_WORDS = 2;
  private static final Pattern LATEX_TEXT =
      Pattern.compile("\\\\(?:text\\w*|mbox|hbox|mathrm|mathbf)\\s*\\{");
  private static final Pattern LATEX_SPACE =
      Pattern.compile("\\\\(?:q?quad|enspace|space|[,;:! ()\\[\\]])|[$~{}*_`]|\\\\\\\\|(?<!\\\\)&");
  private static final Pattern LATEX_OR = Pattern.compile("\\\\(?:lor|vee)\\b");
  private static final Pattern LATEX_AND = Pattern.compile("\\\\(?:land|wedge)\\b|\\\\&");
  private static final Pattern WORD = Pattern.compile("[a-z][a-z']*");
  private static final Pattern SENTENCE_END = Pattern.compile("[.?!](?=\\s|$)");
  private static final Pattern NEXT_ALTERNATIVE =
      Pattern.compile(
          "\\s*(?:or|alternatively|otherwise|maybe|perhaps|possibly|it (?:could|might|may))\\b.*",
          Pattern.DOTALL);
  private static final Pattern COULD_BE =
      Pattern.compile(
          "[^.?!\\n]{0,40}\\b(?:could|might|may) (?:also |well |even |perhaps )?be\\s+\\$?");
  private static final Pattern NAMED =
      Pattern.compile("[,;\\s]*(?:and\\s+)?[a-z](?:[_^]?\\w+|')?\\s*=\\s*");
  private static final Pattern LISTED = Pattern.compile("[,;.\\s]*\\(?[a-z]{1,3}\\)\\s*");
  private static final Pattern SAME =
      Pattern.compile(
          "[,;:\\s(]*(?:that is|i\\.e\\.?|which (?:is|equals)|or"
              + " equivalently|equals|equivalently|namely|in other words|is|=)[,:\\s]*");
  private static final Set<String> OR =
      Set.of("or", "alternatively", "otherwise", "maybe", "perhaps", "possibly");
  private static final Set<String> OR_OF_MARKED = Set.of("could", "might", "may", "else", "either");
  private static final Set<String> AND = Set.of("and", "also");
  private static final Set<String> JOINING =
      Set.of(
          ("or alternatively otherwise maybe perhaps possibly and also lor vee land wedge be could"
                  + " might may")
              .split(" ", -1));
  private static final int MAX_JOINING = 13;
  private static final Set<String> FILLERS =
      Set.of("both", "also", "the", "a", "an", "as", "well", "even", "respectively");
  private static final Set<String> HEDGES =
      Set.of(
          "or", "maybe", "perhaps", "possibly", "it", "could", "might", "may", "be", "is", "else");
  private static final Set<String> CORRECTING =
      Set.of(
          ("wrong incorrect redo redoing mistake error rather instead correction oops wait no sorry"
                  + " actually correcting")
              .split(" ", -1));

  private Alternatives() {}

  /**
   * Whether what stands between two values joins them.
   *
   * @param marked whether both are boxes or math, so that a comma or a space alone joins them
   */
  static boolean join(String between, boolean marked) {
    if (between.length() > MAX_BETWEEN) {
      return false;
    }
    if (!marked && between.length() > 3 && !mayJoin(between)) {
      return false;
    }
    String plain = plain(between);
    if (!marked && (isSeparator(plain) || COULD_BE.matcher(plain).matches())) {
      return true;
    }
    Matcher end = SENTENCE_END.matcher(plain);
    if (end.find()) {
      String next = plain.substring(end.end());
      List<String> behind = words(next);
      return NEXT_ALTERNATIVE.matcher(next).matches()
          && (marked
              ? behind.size() <= MAX_WORDS_WITH_OR
                  && behind.stream().noneMatch(CORRECTING::contains)
              : behind.stream().allMatch(Alternatives::isFiller))
          && !SENTENCE_END.matcher(next).find();
    }
    List<String> words = words(plain);
    if (words.isEmpty()) {
      return marked
          && plain
              .chars()
              .allMatch(c -> Character.isWhitespace(c) || ",;/|.?+=:()-–".indexOf(c) >= 0);
    }
    if (marked && (NAMED.matcher(plain).matches() || LISTED.matcher(plain).matches())) {
      return true;
    }
    return (marked && SAME.matcher(plain).matches())
        || joinWords(words, marked)
        || (marked
            && words.size() <= MAX_UNIT_WORDS
            && plain.stripTrailing().matches("[^,;]*[,;]")
            && words.stream().noneMatch(CORRECTING::contains));
  }

  /** Whether a word that joins may be there; most texts between two numbers have none. */
  private static boolean mayJoin(String between) {
    return mayJoinByWord(between, 0, between.length()) || between.strip().length() <= 1;
  }

  /** Whether a part of a text has a word that {@link #joinByWord} looks for. */
  static boolean mayJoinByWord(String text, int from, int to) {
    int start = from;
    for (int at = from; at <= to; at++) {
      char c = at < to ? text.charAt(at) : ' ';
      if (c == '&') {
        return true;
      }
      if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
        continue;
      }
      if (at - start > 1
          && at - start <= MAX_JOINING
          && JOINING.contains(text.substring(start, at).toLowerCase(Locale.ROOT))) {
        return true;
      }
      start = at + 1;
    }
    return false;
  }

  /** Whether the words of a text between values say "or", "and": a comma alone does not. */
  static boolean joinByWord(String between) {
    return between.length() <= MAX_BETWEEN
        && mayJoinByWord(between, 0, between.length())
        && !words(plain(between)).isEmpty()
        && join(between, false);
  }

  private static boolean isSeparator(String plain) {
    String separator = plain.strip();
    return separator.length() == 1 && ",;|?".contains(separator);
  }

  private static boolean joinWords(List<String> words, boolean marked) {
    if (words.stream().anyMatch(CORRECTING::contains)) {
      return words.contains("if") && words.size() <= MAX_WORDS_WITH_OR; // "if not, then"
    }
    if (marked && words.stream().anyMatch(OR_OF_MARKED::contains)) {
      return words.size() <= MAX_WORDS_WITH_OR;
    }
    for (int i = 0; i < words.size(); i++) {
      List<String> behind = words.subList(i + 1, words.size());
      if (OR.contains(words.get(i))) {
        return marked
            ? words.size() <= MAX_WORDS_WITH_OR
            : i <= MAX_UNIT_WORDS
                && behind.size() <= MAX_WORDS_BEHIND_OR
                && behind.stream().allMatch(Alternatives::isFiller);
      }
      if (AND.contains(words.get(i)) && i <= MAX_UNIT_WORDS && FILLERS.containsAll(behind)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isFiller(String word) {
    return OR.contains(word) || HEDGES.contains(word) || FILLERS.contains(word);
  }

  private static String plain(String between) {
    if (between.indexOf('\\') < 0 && between.indexOf('$') < 0 && between.indexOf('*') < 0) {
      return between.toLowerCase(Locale.ROOT);
    }
    String text = LATEX_OR.matcher(between).replaceAll(" or ");
    text = LATEX_AND.matcher(text).replaceAll(" and ");
    text = LATEX_TEXT.matcher(text).replaceAll(" ");
    return LATEX_SPACE.matcher(text).replaceAll(" ").toLowerCase(Locale.ROOT);
  }

  private static List<String> words(String plain) {
    return WORD.matcher(plain).results().map(MatchResult::group).toList();
  }
}
