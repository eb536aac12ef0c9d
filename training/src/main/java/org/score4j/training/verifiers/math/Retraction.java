package org.score4j.training.verifiers.math;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sentences that take back the answer in front of them. */
final class Retraction {
  private static final String BEGINS =
      "\\A[\\s.,;:!)}$*]*\\(?(?:(?:is|was) )?(?:wrong|incorrect|mistaken|false|not"
          + " (?:right|correct|it|the (?:\\w+ )?answer))\\b";
  private static final String[] CUES = {
    BEGINS,
    "\\b(?:that|this|it|answer|above|result|which|value|one|calculation|computation|reasoning|solution|step)(?:['’]s|"
        + " is| was| were| seems| looks| must be| may be| might be| turns out to be)?(?: \\w+){0,2}"
        + " (?:wrong|incorrect|mistaken|false|not (?:right|correct|it|the (?:\\w+ )?answer))\\b",
    "\\b(?:is|was)n['’]t (?:right|correct|it|the (?:\\w+ )?answer)\\b",
    "\\b(?:can['’]?t|cannot|can not|could ?n['’]t) be (?:right|correct|true|the (?:\\w+"
        + " )?answer)\\b",
    "\\b(?:i|we)(?:['’]m| am| was| were| are) (?:wrong|mistaken)\\b",
    "\\b(?:made|make|making|there is|there was|there['’]s|found|spotted|see|notice)"
        + " (?:a|an|my|some|the) (?:\\w+ ){0,2}(?:mistake|error|slip|miscalculation)\\b",
    "\\bmy (?:mistake|bad|error)\\b",
    "\\bi (?:miscalculated|miscounted|misread|misunderstood|forgot|overlooked|mixed up)\\b",
    "\\b(?:scratch|strike|ignore|disregard|forget|retract|cancel|discard) (?:that|this|it|the"
        + " above|my|all|the (?:previous|last))\\b",
    "\\bnever ?mind\\b",
    "\\bw?h?oops\\b",
    "\\bcorrection\\b",
    "\\btake (?:that|it) back\\b",
    "\\bon second thoughts?\\b",
    "\\blet(?: me|['’]s| us) (?:redo|re-do|recompute|recalculate|correct|fix|start over|try"
        + " again|revise|rethink|reconsider)\\b",
    "\\bredoing\\b",
    "\\b(?:it|that|this|answer) should (?:\\w+ )?be\\b",
    "\\bshould (?:actually|instead|really|rather|have) (?:\\w+ )?be(?:en)?\\b",
    "\\bwait,? no\\b",
    "\\bno,? wait\\b",
    "(?:^|[.!?\\n])\\s{0,3}(?:no|nope)[,.!]? (?:it|that|the|this|actually|i)\\b",
    "\\bactually,? (?:no|not|it(?:['’]s| is| should)|the (?:\\w+ )?answer)\\b",
    "\\b(?:that|this|it|answer) does(?:n['’]t| not) (?:work|check out|add up|make sense)\\b",
  };
  private static final int MIN_CUE = 4;
  private static final String[] SIGNS = {
    "wrong",
    "incorrect",
    "mistake",
    "false",
    "not",
    "n't",
    "n’t",
    "can't be",
    "can’t be",
    "cant be",
    "error",
    "slip",
    "miscalculat",
    "my bad",
    "miscounted",
    "misread",
    "misunderstood",
    "forgot",
    "overlooked",
    "mixed up",
    "scratch",
    "strike",
    "ignore",
    "disregard",
    "forget",
    "retract",
    "cancel",
    "discard",
    "never mind",
    "nevermind",
    "oops",
    "correction",
    "take",
    "second thought",
    "let me",
    "let's",
    "let’s",
    "let us",
    "redoing",
    "should",
    "wait",
    "no",
    "actually"
  };
  private static final Pattern CUE =
      Pattern.compile(
          "(?:" + String.join(")|(?:", CUES) + ")", Pattern.CASE_INSENSITIVE | Pattern.MULTILINE);
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

  private Retraction() {}

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

  /** Every cue holds one of the signs; most texts hold none, and patterns are slow. */
  private static boolean mayHaveCue(String text) {
    if (text.length() < MIN_CUE) {
      return false;
    }
    String lower = text.toLowerCase(Locale.ROOT);
    for (String sign : SIGNS) {
      if (lower.contains(sign)) {
        return true;
      }
    }
    return false;
  }

  /** Index behind the last such sentence's cue, or -1 where there is none. */
  static int last(String text) {
    if (!mayHaveCue(text)) {
      return -1;
    }
    Matcher cues = CUE.matcher(text);
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
