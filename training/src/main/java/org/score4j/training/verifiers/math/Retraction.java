package org.score4j.training.verifiers.math;

import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Sentences that take back the answer in front of them. */
final class Retraction {
  private static final String CONTRACTED_NOT = "n't";
  private static final String BEGINS =
      "\\A[\\s.,;:!)}$*]*\\(?(?:(?:is|was) )?(?:wrong|incorrect|mistaken|false|not"
          + " (?:right|correct|it|the (?:\\w+ )?answer))\\b";
  private static final List<Cue> CUES =
      List.of(
          cue("wrong incorrect mistaken false not", BEGINS),
          cue(
              "wrong incorrect mistaken false not",
              "\\b(?:that|this|it|answer|above|result|which|value|one|calculation|computation|reasoning|solution|step)(?:['’]s|"
                  + " is| was| were| seems| looks| must be| may be| might be| turns out to be)?(?:"
                  + " \\w+){0,2} (?:wrong|incorrect|mistaken|false|not (?:right|correct|it|the"
                  + " (?:\\w+ )?answer))\\b"),
          cue("n't", "\\b(?:is|was)n['’]t (?:right|correct|it|the (?:\\w+ )?answer)\\b"),
          cue(
              "n't cannot cant not",
              "\\b(?:can['’]?t|cannot|can not|could ?n['’]t) be (?:right|correct|true|the (?:\\w+"
                  + " )?answer)\\b"),
          cue("wrong mistaken", "\\b(?:i|we)(?:['’]m| am| was| were| are) (?:wrong|mistaken)\\b"),
          cue(
              "mistake error slip miscalculation",
              "\\b(?:made|make|making|there is|there was|there['’]s|found|spotted|see|notice)"
                  + " (?:a|an|my|some|the) (?:\\w+ ){0,2}(?:mistake|error|slip|miscalculation)\\b"),
          cue("mistake bad error", "\\bmy (?:mistake|bad|error)\\b"),
          cue(
              "miscalculated miscounted misread misunderstood forgot overlooked mixed",
              "\\bi (?:miscalculated|miscounted|misread|misunderstood|forgot|overlooked|mixed"
                  + " up)\\b"),
          cue(
              "scratch strike ignore disregard forget retract cancel discard",
              "\\b(?:scratch|strike|ignore|disregard|forget|retract|cancel|discard)"
                  + " (?:that|this|it|the above|my|all|the (?:previous|last))\\b"),
          cue("never nevermind", "\\bnever ?mind\\b"),
          cue("oops woops hoops whoops", "\\bw?h?oops\\b"),
          cue("correction", "\\bcorrection\\b"),
          cue("take", "\\btake (?:that|it) back\\b"),
          cue("second", "\\bon second thoughts?\\b"),
          cue(
              "let",
              "\\blet(?: me|['’]s| us) (?:redo|re-do|recompute|recalculate|correct|fix|start"
                  + " over|try again|revise|rethink|reconsider)\\b"),
          cue("redoing", "\\bredoing\\b"),
          cue("should", "\\b(?:it|that|this|answer) should (?:\\w+ )?be\\b"),
          cue("should", "\\bshould (?:actually|instead|really|rather|have) (?:\\w+ )?be(?:en)?\\b"),
          cue("wait", "\\bwait,? no\\b"),
          cue("wait", "\\bno,? wait\\b"),
          cue(
              "no nope",
              "(?:^|[.!?\\n])\\s{0,3}(?:no|nope)[,.!]? (?:it|that|the|this|actually|i)\\b"),
          cue(
              "actually",
              "\\bactually,? (?:no|not|it(?:['’]s| is| should)|the (?:\\w+ )?answer)\\b"),
          cue(
              "n't not",
              "\\b(?:that|this|it|answer) does(?:n['’]t| not) (?:work|check out|add up|make"
                  + " sense)\\b"));

  private static final int MIN_CUE = 4;
  private static final int MAX_SIGN = 16;
  private static final Set<String> SIGNS =
      CUES.stream().flatMap(cue -> cue.signs().stream()).collect(Collectors.toUnmodifiableSet());
  private static final Pattern AT_START = Pattern.compile(BEGINS, Pattern.CASE_INSENSITIVE);
  private static final Pattern DENIED =
      Pattern.compile(
          "\\b(?:not|never|nothing|hardly|n['’]t) (?:\\w+ )?(?:wrong|incorrect|mistaken|false)\\b");
  private static final Pattern CONDITION =
      Pattern.compile("\\b(?:if|unless|whether|in case)\\b[^.!?\\n]{0,40}$");

  private static final Pattern STATES =
      Pattern.compile(
          "(?:\\bshould (?:\\w+ )?be|\\b(?:must|will|would) be|\\b(?:it|that|this)"
              + " is|\\b(?:it|that)['’]s|\\banswer is|\\bis (?:actually|really|in"
              + " fact)|\\b(?:correct|right|true|new|real|actual|final|proper) (?:\\w+"
              + " )?is|\\binstead|\\b(?:i|we) (?:get|obtain|have)|\\b(?:gives|becomes|equals)|=)"
              + "[\\s:,]*[-$\\\\({\\[]*\\z",
          Pattern.CASE_INSENSITIVE);

  /**
   * A pattern of sentences that take back.
   *
   * @param signs words, in lower case, of which every match holds one
   */
  private record Cue(Set<String> signs, Pattern pattern) {}

  private Retraction() {}

  private static Cue cue(String signs, String pattern) {
    return new Cue(
        Set.of(signs.split(" ", -1)),
        Pattern.compile(pattern, Pattern.CASE_INSENSITIVE | Pattern.MULTILINE));
  }

  /** Whether a text begins with "is wrong", of what stands in front of it. */
  static boolean begins(String text) {
    return (text.contains("wrong")
            || text.contains("not ")
            || text.contains("incorrect")
            || text.contains("mistaken")
            || text.contains("false"))
        && AT_START.matcher(text).lookingAt();
  }

  /** Whether a text takes back anything. */
  static boolean cues(String text) {
    return last(text) >= 0;
  }

  /** Whether the end of a text behind a cue says that the right value follows. */
  static boolean states(String before) {
    String near = before.substring(Math.max(0, before.length() - 60));
    return near.chars().noneMatch(Character::isLetterOrDigit) || STATES.matcher(near).find();
  }

  /** Whether the right value is said to be the last occurrence of a part. */
  static boolean statesBefore(String text, String part) {
    int at = text.lastIndexOf(part);
    return at >= 0 && states(text.substring(0, at));
  }

  /** The signs in a text. Most texts hold none, and patterns are slow. */
  private static Set<String> signs(String text) {
    Set<String> signs = Set.of();
    int start = 0;
    for (int at = 0; at <= text.length(); at++) {
      char c = at < text.length() ? text.charAt(at) : ' ';
      if (Character.isLetter(c)) {
        continue;
      }
      String sign = at > start && at - start <= MAX_SIGN ? sign(text, start, at) : "";
      if (!sign.isEmpty()) {
        signs = signs.isEmpty() ? new HashSet<>() : signs;
        signs.add(sign);
      }
      start = at + 1;
    }
    return signs;
  }

  /** The word where it is a sign, else an empty text. */
  private static String sign(String text, int start, int end) {
    boolean contracted =
        end + 1 < text.length()
            && "nN".indexOf(text.charAt(end - 1)) >= 0
            && "'’".indexOf(text.charAt(end)) >= 0
            && "tT".indexOf(text.charAt(end + 1)) >= 0;
    if (contracted) {
      return CONTRACTED_NOT;
    }
    String word = text.substring(start, end).toLowerCase(Locale.ROOT);
    return SIGNS.contains(word) ? word : "";
  }

  /** Index behind the last sentence's cue that takes back an answer, or -1 where there is none. */
  static int last(String text) {
    if (text.length() < MIN_CUE) {
      return -1;
    }
    Set<String> signs = signs(text);
    int end = -1;
    if (!signs.isEmpty()) {
      for (Cue cue : CUES) {
        if (!Collections.disjoint(signs, cue.signs())) {
          end = Math.max(end, last(text, cue.pattern()));
        }
      }
    }
    return end;
  }

  private static int last(String text, Pattern pattern) {
    Matcher cues = pattern.matcher(text);
    int end = -1;
    while (cues.find()) {
      String before = text.substring(Math.max(0, cues.start() - 60), cues.start());
      String cue = cues.group().toLowerCase(Locale.ROOT);
      if (!DENIED.matcher(cue).find()
          && !CONDITION.matcher(before.toLowerCase(Locale.ROOT)).find()) {
        end = cues.end();
      }
    }
    return end;
  }
}
