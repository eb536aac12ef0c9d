package org.score4j.training.verifiers.code;

import java.util.ArrayList;
import java.util.List;

/**
 * The program in a response: between [BEGIN] and [DONE], else the last fenced block that defines
 * what is tested, else all of it.
 *
 * @param text the program
 * @param rule where it was found
 */
record ProgramText(String text, String rule) {
  private static final String BEGIN = "[BEGIN]";
  private static final String DONE = "[DONE]";
  private static final String FENCE = "```";

  /** entries: names the program should define. */
  static ProgramText of(String response, List<String> entries) {
    String text = response;
    String rule = "whole response";
    int begin = text.lastIndexOf(BEGIN);
    if (begin >= 0) {
      text = text.substring(begin + BEGIN.length());
      rule = BEGIN;
    }
    int done = text.indexOf(DONE);
    if (done >= 0) {
      text = text.substring(0, done);
      rule = begin >= 0 ? BEGIN + " to " + DONE : "up to " + DONE;
    }
    List<String> blocks = fenced(text);
    if (!blocks.isEmpty()) {
      for (String block : blocks.reversed()) {
        if (entries.stream().anyMatch(entry -> defines(block, entry))) {
          return new ProgramText(block, "fenced block");
        }
      }
      return new ProgramText(blocks.getLast(), "last fenced block");
    }
    return new ProgramText(text, rule);
  }

  /** Whether a line begins with a definition of the name. */
  static boolean defines(String program, String name) {
    return program
        .lines()
        .anyMatch(
            line ->
                begins(line, "def " + name)
                    || begins(line, "async def " + name)
                    || begins(line, "class " + name)
                    || begins(line, name));
  }

  private static boolean begins(String line, String start) {
    if (!line.startsWith(start) || line.length() == start.length()) {
      return false;
    }
    String rest = line.substring(start.length()).stripLeading();
    boolean definition = start.contains(" ");
    return definition
        ? rest.startsWith("(") || rest.startsWith(":")
        : rest.startsWith("=") && !rest.startsWith("==");
  }

  private static List<String> fenced(String text) {
    List<String> blocks = new ArrayList<>();
    int at = text.indexOf(FENCE);
    while (at >= 0) {
      int start = text.indexOf('\n', at);
      if (start < 0) {
        return blocks;
      }
      int end = text.indexOf("\n" + FENCE, start);
      // A block cut short by the length limit still ends somewhere.
      blocks.add(text.substring(start + 1, end < 0 ? text.length() : Math.max(start + 1, end + 1)));
      at = end < 0 ? -1 : text.indexOf(FENCE, end + 1 + FENCE.length());
    }
    return blocks;
  }
}
