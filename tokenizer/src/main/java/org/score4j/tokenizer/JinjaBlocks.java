package org.score4j.tokenizer;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;

/**
 * Which blocks are open while a template is read; refuses the tags that Jinjava lacks or would read
 * in another way.
 */
final class JinjaBlocks {
  private static final Set<String> OPENING = Set.of("if", "for", "macro");
  private static final Set<String> KNOWN =
      Set.of(
          "if",
          "elif",
          "else",
          "endif",
          "for",
          "endfor",
          "set",
          "endset",
          "macro",
          "endmacro",
          "break",
          "continue");
  // What Hugging Face marks the model's words with; nothing is printed for it.
  private static final Set<String> MARKERS = Set.of("generation", "endgeneration");

  private final Deque<String> open = new ArrayDeque<>();

  /** Whether a tag prints nothing and is left out. */
  static boolean isMarker(String content) {
    return MARKERS.contains(content);
  }

  /** Takes note of a tag. */
  void open(String content) {
    String name = content.split("[^A-Za-z_]", 2)[0];
    if (isMarker(content)) {
      return;
    }
    if (!KNOWN.contains(name)) {
      throw refused("the tag {% " + name + " %}");
    }
    if (name.equals("else") && "for".equals(open.peek())) {
      throw refused("{% else %} of a loop");
    }
    if (name.equals("for") && JinjaExpression.hasKeyword(content, "if")) {
      throw refused("a loop with a condition, {% for … if … %}");
    }
    if (name.equals("for") && JinjaExpression.hasKeyword(content, "recursive")) {
      throw refused("a recursive loop");
    }
    if (OPENING.contains(name)) {
      open.push(name);
    } else if (name.startsWith("end") && !name.equals("endset")) {
      if (!name.substring(3).equals(open.peek())) {
        throw refused(
            "{%% %s %%} where %s is open"
                .formatted(name, open.isEmpty() ? "nothing" : open.peek()));
      }
      open.pop();
    }
  }

  /** The template has ended. */
  void end() {
    if (!open.isEmpty()) {
      throw refused("{% " + open.peek() + " %} without its end");
    }
  }

  static TokenizerException refused(String what) {
    return new TokenizerException(
        "chat template: %s is not supported; put a chat_template.jinja without it into the model's folder"
            .formatted(what));
  }
}
