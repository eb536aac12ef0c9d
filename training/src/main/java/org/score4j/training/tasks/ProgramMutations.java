package org.score4j.training.tasks;

import java.util.ArrayList;
import java.util.List;

/**
 * The programs that differ from a Python program in one operator or constant: likely mistakes of a
 * programmer. Text in strings and comments, imports, and signs that are no operation stay as they
 * are.
 */
final class ProgramMutations {
  // An operator, what it becomes; longer ones first.
  private static final String[][] OPERATORS = {
    {"**", "*"},
    {"//", "*"},
    {"<=", "<"},
    {">=", ">"},
    {"==", "!="},
    {"!=", "=="},
    {"+", "-"},
    {"-", "+"},
    {"*", "+"},
    {"/", "*"},
    {"%", "*"},
    {"<", "<="},
    {">", ">="}
  };
  private static final String[][] WORDS = {
    {"and", "or"}, {"or", "and"}, {"True", "False"}, {"False", "True"}
  };

  private final String program;
  private final List<String> mutants = new ArrayList<>();
  private int at;

  private ProgramMutations(String program) {
    this.program = program;
  }

  /** All of them, in the order of their places. */
  static List<String> of(String program) {
    ProgramMutations mutations = new ProgramMutations(program);
    mutations.scan();
    return mutations.mutants;
  }

  private void scan() {
    while (at < program.length()) {
      char c = program.charAt(at);
      if (c == '#') {
        skipLine();
      } else if (c == '"' || c == '\'') {
        skipString(c);
      } else if (Character.isLetter(c) || c == '_') {
        word();
      } else if (Character.isDigit(c)) {
        number();
      } else {
        operator();
      }
    }
  }

  private void skipLine() {
    int end = program.indexOf('\n', at);
    at = end < 0 ? program.length() : end;
  }

  private void skipString(char quote) {
    String triple = String.valueOf(quote).repeat(3);
    boolean three = program.startsWith(triple, at);
    String close = three ? triple : String.valueOf(quote);
    at += close.length();
    while (at < program.length() && !program.startsWith(close, at)) {
      at += program.charAt(at) == '\\' ? 2 : 1;
    }
    at = Math.min(program.length(), at + close.length());
  }

  private void word() {
    int start = at;
    while (at < program.length()
        && (Character.isLetterOrDigit(program.charAt(at)) || program.charAt(at) == '_')) {
      at++;
    }
    String word = program.substring(start, at);
    boolean beginsLine = program.substring(program.lastIndexOf('\n', start) + 1, start).isBlank();
    if (beginsLine && (word.equals("import") || word.equals("from"))) {
      skipLine();
    }
    for (String[] pair : WORDS) {
      if (word.equals(pair[0])) {
        replace(start, at, pair[1]);
      }
    }
  }

  private void number() {
    int start = at;
    boolean whole = true;
    while (at < program.length()
        && (Character.isLetterOrDigit(program.charAt(at)) || program.charAt(at) == '.')) {
      whole &= Character.isDigit(program.charAt(at));
      at++;
    }
    if (whole && at - start < 10) {
      replace(start, at, Long.toString(Long.parseLong(program.substring(start, at)) + 1));
    }
  }

  private void operator() {
    for (String[] pair : OPERATORS) {
      if (program.startsWith(pair[0], at)) {
        int start = at;
        at += pair[0].length();
        boolean arrow = pair[0].equals("-") && program.startsWith(">", at);
        if (arrow) {
          at++;
        } else if (hasLeftOperand(start)) {
          replace(start, at, pair[1]);
        }
        return;
      }
    }
    at++;
  }

  /** A sign, a star before arguments and a keyword's operand have none. */
  private boolean hasLeftOperand(int operator) {
    int before = operator - 1;
    while (before >= 0 && program.charAt(before) == ' ') {
      before--;
    }
    if (before < 0) {
      return false;
    }
    char c = program.charAt(before);
    if (!Character.isLetterOrDigit(c) && "_)]}\"'".indexOf(c) < 0) {
      return false;
    }
    int start = before;
    while (start >= 0 && Character.isLetter(program.charAt(start))) {
      start--;
    }
    String word = program.substring(start + 1, before + 1);
    return switch (word) {
      case "return",
          "in",
          "and",
          "or",
          "not",
          "if",
          "else",
          "elif",
          "while",
          "lambda",
          "yield",
          "is" ->
          false;
      default -> true;
    };
  }

  private void replace(int from, int to, String by) {
    mutants.add(program.substring(0, from) + by + program.substring(to));
  }
}
