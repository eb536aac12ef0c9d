package org.score4j.training.verifiers.math;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A response without its chain of thought between tags such as {@code <think>} and {@code
 * </think>}, and without what Markdown strikes out: neither is said to the reader. Where the prompt
 * opens the tag, as chat templates of reasoning models do, the response begins inside it.
 */
final class Thinking {
  private static final Pattern TAG =
      Pattern.compile(
          "</?(?:think|thinking|thoughts?|reasoning)>|\\[/?THINK\\]|◁/?think▷"
              + "|<\\|(?:begin|end)_of_thought\\|>",
          Pattern.CASE_INSENSITIVE);
  private static final String OPENING = "<[◁";
  private static final Pattern STRUCK_OUT =
      Pattern.compile("(?<![^\\s(*])~~[^\\s~][^~\\n]{0,200}?(?<!\\s)~~(?=[\\s.,;:!?)*]|$)");

  private Thinking() {}

  /** The whole response, less its tags, where nothing stands outside of them. */
  static String removed(String response) {
    int tag = firstTag(response);
    String text = tag < 0 ? response : outsideOfTags(response, tag);
    return text.contains("~~") ? STRUCK_OUT.matcher(text).replaceAll("") : text;
  }

  /** Index of what begins like a tag; -1 where there is none. */
  private static int firstTag(String text) {
    int first = -1;
    for (int i = 0; i < OPENING.length(); i++) {
      char opens = OPENING.charAt(i);
      int at = text.indexOf(opens);
      while (at >= 0 && !beginsTag(text, at + 1)) {
        at = text.indexOf(opens, at + 1);
      }
      first = first < 0 || (at >= 0 && at < first) ? at : first;
    }
    return first;
  }

  private static boolean beginsTag(String text, int behind) {
    int at = text.startsWith("/", behind) ? behind + 1 : behind;
    return text.regionMatches(true, at, "th", 0, 2)
        || text.regionMatches(true, at, "reason", 0, 6)
        || text.startsWith("|", at);
  }

  private static String outsideOfTags(String response, int firstTag) {
    Matcher tags = TAG.matcher(response).region(firstTag, response.length());
    StringBuilder outside = new StringBuilder();
    boolean inside = false;
    boolean found = false;
    int from = 0;
    while (tags.find()) {
      found = true;
      if (closes(tags.group())) {
        if (!inside) {
          outside.setLength(0);
        }
        inside = false;
      } else {
        if (!inside) {
          outside.append(response, from, tags.start());
        }
        inside = true;
      }
      from = tags.end();
    }
    if (!found) {
      return response;
    }
    if (!inside) {
      outside.append(response, from, response.length());
    }
    return outside.toString().isBlank() ? tags.reset().replaceAll("\n") : outside.toString();
  }

  private static boolean closes(String tag) {
    return tag.charAt(1) == '/' || tag.regionMatches(true, 2, "end", 0, 3);
  }
}
