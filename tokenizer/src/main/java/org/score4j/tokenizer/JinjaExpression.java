package org.score4j.tokenizer;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;

/**
 * What stands in a tag, written so that Jinjava reads it as Jinja2 does:
 *
 * <ul>
 *   <li>{@code not a is b}, {@code not a in b} and {@code not a == b} negate the whole;
 *   <li>the value of a named argument may be an expression;
 *   <li>{@code a[::-1]} is a method call;
 *   <li>braces that close one after the other do not end the tag.
 * </ul>
 */
final class JinjaExpression {
  // Jinja2's not reaches as far as the next of these at its own depth.
  private static final Set<String> ENDS_NOT = Set.of("and", "or", "if", "else", ",", ":");
  private static final List<String> REVERSED = List.of("[", ":", ":", "-", "1", "]");
  private static final Set<String> FILTERS =
      Set.of(
          "trim",
          "length",
          "count",
          "upper",
          "lower",
          "tojson",
          "join",
          "map",
          "selectattr",
          "rejectattr",
          "list",
          "first",
          "last",
          "default",
          "string",
          "int",
          "replace",
          "capitalize");
  private static final Set<String> TESTS =
      Set.of(
          "defined",
          "undefined",
          "none",
          "string",
          "mapping",
          "iterable",
          "sequence",
          "number",
          "true",
          "false",
          "boolean",
          "equalto",
          "odd",
          "even",
          "divisibleby");
  private static final Set<String> OPERATORS =
      Set.of(
          "+", "-", "*", "/", "//", "%", "~", "==", "!=", "<", ">", "<=", ">=", "and", "or", "not",
          "in", "is", "if", "else");
  private static final Set<String> LOOP =
      Set.of("index", "index0", "revindex", "revindex0", "first", "last", "length");
  private static final Set<String> KEYWORDS =
      Set.of("in", "not", "and", "or", "if", "elif", "else", "is", "set", "for", "print", "do");

  private final List<String> tokens;
  private final StringBuilder out = new StringBuilder();
  // For each open bracket the parentheses of ours that are open within it.
  private final Deque<Integer> ours = new ArrayDeque<>();
  private final boolean macro;

  private JinjaExpression(String content) {
    tokens = tokens(content);
    macro = !tokens.isEmpty() && Set.of("macro", "call").contains(tokens.getFirst());
  }

  /** The content of a tag, rewritten. */
  static String rewrite(String content) {
    return new JinjaExpression(content).run();
  }

  /** Whether a word stands in a tag outside of brackets and texts. */
  static boolean hasKeyword(String content, String word) {
    return outsideOfBrackets(content).contains(word);
  }

  /** Whether it is one value with methods and filters, without an operator. */
  static boolean isChain(String content) {
    return outsideOfBrackets(content).stream().noneMatch(OPERATORS::contains);
  }

  private static List<String> outsideOfBrackets(String content) {
    List<String> outside = new ArrayList<>();
    int depth = 0;
    for (String token : tokens(content)) {
      depth += "([{".contains(token) ? 1 : ")]}".contains(token) ? -1 : 0;
      if (depth == 0) {
        outside.add(token);
      }
    }
    return outside;
  }

  private String run() {
    ours.push(0);
    for (int i = 0; i < tokens.size(); i++) {
      check(i);
      if (i > 0 && tokens.subList(i, Math.min(i + 6, tokens.size())).equals(REVERSED)) {
        out.append(".").append(PythonStrings.REVERSED).append("()");
        i += REVERSED.size() - 1;
        continue;
      }
      String token = tokens.get(i);
      boolean closes = token.equals(")") || token.equals("]") || token.equals("}");
      if (closes || ENDS_NOT.contains(token)) {
        closeOurs();
      }
      append(token);
      if (token.equals("(") || token.equals("[") || token.equals("{")) {
        ours.push(0);
      } else if (closes && ours.size() > 1) {
        ours.pop();
      } else if (opens(i)) {
        append("(");
        ours.push(ours.pop() + 1);
      }
    }
    closeOurs();
    return out.toString();
  }

  /** Refuses filters and tests that were not compared with Jinja2's. */
  private void check(int i) {
    String before = i == 0 ? "" : tokens.get(i - 1);
    String token = tokens.get(i);
    if (before.equals("|") && !FILTERS.contains(token)) {
      throw JinjaBlocks.refused("the filter " + token);
    }
    if (before.equals(".") && i > 1 && tokens.get(i - 2).equals("loop") && !LOOP.contains(token)) {
      throw JinjaBlocks.refused("loop." + token);
    }
    boolean test = before.equals("is") && !token.equals("not");
    boolean negated = i > 1 && before.equals("not") && tokens.get(i - 2).equals("is");
    if ((test || negated) && !TESTS.contains(token)) {
      throw JinjaBlocks.refused("the test 'is " + token + "'");
    }
    boolean repeats = token.equals("*") && !before.isEmpty() && isQuote(before.charAt(0));
    if (repeats || token.equals("**")) {
      throw JinjaBlocks.refused("the operator " + token + " here");
    }
  }

  /** Whether a parenthesis of ours begins after token {@code i}. */
  private boolean opens(int i) {
    String token = tokens.get(i);
    if (token.equals("not")) {
      return !(i > 0 && tokens.get(i - 1).equals("is"))
          && !(i + 1 < tokens.size() && tokens.get(i + 1).equals("in"));
    }
    return token.equals("=")
        && !macro
        && ours.size() > 1
        && i > 1
        && (tokens.get(i - 2).equals("(") || tokens.get(i - 2).equals(","));
  }

  private void closeOurs() {
    for (int open = ours.pop(); open > 0; open--) {
      append(")");
    }
    ours.push(0);
  }

  /** A space between all tokens but around what follows a name at once. */
  private void append(String token) {
    char before = out.isEmpty() ? '.' : out.charAt(out.length() - 1);
    boolean tight =
        switch (token) {
          case "." -> true;
          case "(" -> before == '.' || (isWord(before) && !afterKeyword());
          case "[" -> before == '.' || !afterKeyword();
          default -> before == '.';
        };
    out.append(tight ? "" : " ").append(token);
  }

  private boolean afterKeyword() {
    int word = out.length();
    while (word > 0 && isWord(out.charAt(word - 1))) {
      word--;
    }
    return KEYWORDS.contains(out.substring(word))
        || ",:=|~<>!+-*/%([{".indexOf(out.charAt(out.length() - 1)) >= 0;
  }

  private static boolean isWord(char c) {
    return Character.isLetterOrDigit(c) || c == '_';
  }

  private static boolean isQuote(char c) {
    return c == '\'' || c == '"';
  }

  private static List<String> tokens(String content) {
    List<String> tokens = new ArrayList<>();
    int at = 0;
    while (at < content.length()) {
      char c = content.charAt(at);
      int end = at + 1;
      if (Character.isWhitespace(c)) {
        at++;
        continue;
      }
      if (isQuote(c)) {
        while (end < content.length() && content.charAt(end) != c) {
          end += content.charAt(end) == '\\' ? 2 : 1;
        }
        end = Math.min(end + 1, content.length());
      } else if (isWord(c)) {
        // A number's point belongs to it, a name's does not.
        while (end < content.length()
            && (isWord(content.charAt(end)) || isPoint(content, end, c))) {
          end++;
        }
      } else if (end < content.length()
          && Set.of("==", "!=", "<=", ">=", "//", "**").contains(content.substring(at, end + 1))) {
        end++;
      }
      tokens.add(content.substring(at, end));
      at = end;
    }
    return tokens;
  }

  private static boolean isPoint(String text, int at, char first) {
    return text.charAt(at) == '.'
        && Character.isDigit(first)
        && at + 1 < text.length()
        && Character.isDigit(text.charAt(at + 1));
  }
}
