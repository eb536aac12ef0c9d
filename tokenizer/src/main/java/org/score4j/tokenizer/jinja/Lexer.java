package org.score4j.tokenizer.jinja;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Makes tokens of a template as Jinja2 does with {@code trim_blocks} and {@code lstrip_blocks}: a
 * line end after a tag and white space before it on its line are dropped, and signs at tags say
 * otherwise.
 */
final class Lexer {
  private static final List<String> OPERATORS =
      List.of(
          "**", "//", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{",
          "}", "=", ">", "<", ".", ":", "|", ",", ";");

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int at;
  private int line = 1;
  // Whether the text that follows is at the start of a line of the template.
  private boolean lineStarts = true;

  private Lexer(String template) {
    String lines = template.replace("\r\n", "\n").replace('\r', '\n');
    this.source = lines.endsWith("\n") ? lines.substring(0, lines.length() - 1) : lines;
  }

  static List<Token> tokens(String template) {
    Lexer lexer = new Lexer(template);
    while (lexer.at < lexer.source.length()) {
      lexer.data();
    }
    lexer.add(Token.Type.END, "");
    return lexer.tokens;
  }

  private void add(Token.Type type, String text) {
    tokens.add(new Token(type, text, line));
  }

  private TemplateException error(String message) {
    return TemplateException.syntax(line, message);
  }

  /** Goes on to a position; what lies between counts for line numbers. */
  private void advance(int to) {
    for (int i = at; i < to; i++) {
      if (source.charAt(i) == '\n') {
        line++;
      }
    }
    lineStarts = to > at ? source.charAt(to - 1) == '\n' : lineStarts;
    at = to;
  }

  private char charAt(int index) {
    return index < source.length() ? source.charAt(index) : '\0';
  }

  private int skipSpace(int from) {
    int end = from;
    while (end < source.length() && Str.isSpace(source.charAt(end))) {
      end++;
    }
    return end;
  }

  /** Text up to a tag, and the tag. */
  private void data() {
    int begin = at;
    while (begin < source.length()
        && !(source.charAt(begin) == '{' && "{%#".indexOf(charAt(begin + 1)) >= 0)) {
      begin++;
    }
    if (begin == source.length()) {
      text(source.substring(at));
      advance(begin);
      return;
    }
    char kind = source.charAt(begin + 1);
    char sign = charAt(begin + 2);
    boolean signed = sign == '-' || sign == '+';
    text(stripped(source.substring(at, begin), signed ? sign : ' ', kind != '{'));
    advance(begin + (signed ? 3 : 2));
    switch (kind) {
      case '#' -> comment();
      case '{' -> {
        add(Token.Type.VARIABLE_BEGIN, "{{");
        inside("}}", Token.Type.VARIABLE_END);
      }
      default -> {
        int raw = rawBegin();
        if (raw >= 0) {
          advance(raw);
          raw();
        } else {
          add(Token.Type.BLOCK_BEGIN, "{%");
          inside("%}", Token.Type.BLOCK_END);
        }
      }
    }
  }

  private void text(String data) {
    if (!data.isEmpty()) {
      add(Token.Type.DATA, data);
    }
  }

  /** What stays of the text before a tag. */
  private String stripped(String data, char sign, boolean leftStrip) {
    if (sign == '-') {
      return Str.rstrip(data);
    }
    if (sign == '+' || !leftStrip) {
      return data;
    }
    int lineBegin = data.lastIndexOf('\n') + 1;
    if ((lineBegin > 0 || lineStarts) && Str.rstrip(data.substring(lineBegin)).isEmpty()) {
      return data.substring(0, lineBegin);
    }
    return data;
  }

  private void comment() {
    int end = source.indexOf("#}", at);
    if (end < 0) {
      throw error("Missing end of comment tag");
    }
    char sign = end > at ? source.charAt(end - 1) : ' ';
    advance(sign == '-' ? skipSpace(end + 2) : trimmed(end + 2, sign));
  }

  /** Behind a line end that follows a tag, unless a + keeps it. */
  private int trimmed(int end, char sign) {
    return sign != '+' && charAt(end) == '\n' ? end + 1 : end;
  }

  /** Where the text of a raw block begins, -1 where no such block opens. */
  private int rawBegin() {
    int word = skipSpace(at);
    if (!source.startsWith("raw", word)) {
      return -1;
    }
    int end = skipSpace(word + 3);
    if (source.startsWith("-%}", end)) {
      return skipSpace(end + 3);
    }
    return source.startsWith("%}", end) ? end + 2 : -1;
  }

  private void raw() {
    for (int begin = source.indexOf("{%", at);
        begin >= 0;
        begin = source.indexOf("{%", begin + 1)) {
      char sign = charAt(begin + 2);
      boolean signed = sign == '-' || sign == '+';
      int word = skipSpace(begin + (signed ? 3 : 2));
      if (!source.startsWith("endraw", word)) {
        continue;
      }
      int end = skipSpace(word + 6);
      char endSign = charAt(end);
      int close = endSign == '-' || endSign == '+' ? end + 1 : end;
      if (source.startsWith("%}", close)) {
        text(stripped(source.substring(at, begin), signed ? sign : ' ', true));
        advance(endSign == '-' ? skipSpace(close + 2) : trimmed(close + 2, endSign));
        return;
      }
    }
    throw error("Missing end of raw directive");
  }

  /** Tokens of a tag up to its end. */
  private void inside(String end, Token.Type endType) {
    Deque<Character> open = new ArrayDeque<>();
    while (at < source.length()) {
      if (open.isEmpty()) {
        boolean block = endType == Token.Type.BLOCK_END;
        char c = source.charAt(at);
        boolean signed = c == '-' || (block && c == '+');
        int close = signed ? at + 1 : at;
        if (source.startsWith(end, close)) {
          add(endType, end);
          int after = close + 2;
          advance(c == '-' ? skipSpace(after) : block ? trimmed(after, c) : after);
          return;
        }
      }
      token(open);
    }
  }

  private void token(Deque<Character> open) {
    char c = source.charAt(at);
    if (Str.isSpace(c)) {
      advance(skipSpace(at));
    } else if (c >= '0' && c <= '9') {
      number();
    } else if (isWord(source.codePointAt(at))) {
      name();
    } else if (c == '\'' || c == '"') {
      string(c);
    } else {
      operator(open);
    }
  }

  private static boolean isWord(int codePoint) {
    return codePoint == '_'
        || Character.isLetterOrDigit(codePoint)
        || (Character.isUnicodeIdentifierPart(codePoint)
            && !Character.isIdentifierIgnorable(codePoint));
  }

  private void name() {
    int end = at;
    while (end < source.length() && isWord(source.codePointAt(end))) {
      end += Character.charCount(source.codePointAt(end));
    }
    int first = source.codePointAt(at);
    if (first != '_' && !Character.isUnicodeIdentifierStart(first)) {
      throw error("Invalid character in identifier");
    }
    add(Token.Type.NAME, source.substring(at, end));
    advance(end);
  }

  private int digits(int from) {
    int end = from;
    while (isDigit(charAt(end)) || (end > from && charAt(end) == '_' && isDigit(charAt(end + 1)))) {
      end++;
    }
    return end;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private void number() {
    int end = digits(at);
    int fraction = charAt(end) == '.' ? digits(end + 1) : end + 1;
    int mantissa = fraction > end + 1 ? fraction : end;
    int exponent = mantissa;
    if (charAt(mantissa) == 'e' || charAt(mantissa) == 'E') {
      char sign = charAt(mantissa + 1);
      int digits = sign == '+' || sign == '-' ? mantissa + 2 : mantissa + 1;
      exponent = digits(digits) > digits ? digits(digits) : mantissa;
    }
    // The point of an attribute, as in a.1.2, belongs to no number.
    boolean afterPoint = at > 0 && source.charAt(at - 1) == '.';
    if (exponent > end && !afterPoint) {
      add(Token.Type.FLOAT, source.substring(at, exponent).replace("_", ""));
      advance(exponent);
    } else {
      int stop = integerEnd(end);
      add(Token.Type.INTEGER, source.substring(at, stop).replace("_", ""));
      advance(stop);
    }
  }

  private int integerEnd(int decimalEnd) {
    if (source.charAt(at) != '0') {
      return decimalEnd;
    }
    String digits =
        switch (charAt(at + 1)) {
          case 'x', 'X' -> "0123456789abcdefABCDEF";
          case 'o', 'O' -> "01234567";
          case 'b', 'B' -> "01";
          default -> "";
        };
    int end = at + 2;
    while (!digits.isEmpty()
        && end < source.length()
        && (digits.indexOf(charAt(end)) >= 0
            || (charAt(end) == '_'
                && end + 1 < source.length()
                && digits.indexOf(charAt(end + 1)) >= 0))) {
      end++;
    }
    if (end > at + 2) {
      return end;
    }
    // A zero before other digits is a number of its own, which no expression allows.
    int zeros = at + 1;
    while (zeros < decimalEnd && (charAt(zeros) == '0' || charAt(zeros) == '_')) {
      zeros++;
    }
    return zeros;
  }

  private void string(char quote) {
    int end = at + 1;
    while (end < source.length() && source.charAt(end) != quote) {
      end += source.charAt(end) == '\\' ? 2 : 1;
    }
    if (end >= source.length()) {
      throw error("a text in quotes does not end");
    }
    add(Token.Type.STRING, unescaped(source.substring(at + 1, end)));
    advance(end + 1);
  }

  private void operator(Deque<Character> open) {
    for (String operator : OPERATORS) {
      if (source.startsWith(operator, at)) {
        char c = operator.charAt(0);
        if ("{([".indexOf(c) >= 0) {
          open.push(c == '{' ? '}' : c == '(' ? ')' : ']');
        } else if ("})]".indexOf(c) >= 0) {
          if (open.isEmpty()) {
            throw error("unexpected '%s'".formatted(c));
          }
          char expected = open.pop();
          if (expected != c) {
            throw error("unexpected '%s', expected '%s'".formatted(c, expected));
          }
        }
        add(Token.Type.OPERATOR, operator);
        advance(at + operator.length());
        return;
      }
    }
    throw error("unexpected char '%s'".formatted(Character.toString(source.codePointAt(at))));
  }

  /** The value of a literal, by the escapes of Python. */
  private String unescaped(String literal) {
    if (literal.indexOf('\\') < 0) {
      return literal;
    }
    StringBuilder value = new StringBuilder();
    int i = 0;
    while (i < literal.length()) {
      char c = literal.charAt(i++);
      if (c != '\\') {
        value.append(c);
        continue;
      }
      char escape = literal.charAt(i++);
      switch (escape) {
        case '\n' -> {}
        case '\\', '\'', '"' -> value.append(escape);
        case 'a' -> value.append('\u0007');
        case 'b' -> value.append('\b');
        case 'f' -> value.append('\f');
        case 'n' -> value.append('\n');
        case 'r' -> value.append('\r');
        case 't' -> value.append('\t');
        case 'v' -> value.append('\u000b');
        case 'x' -> i = hexadecimal(literal, i, 2, value);
        case 'u' -> i = hexadecimal(literal, i, 4, value);
        case 'U' -> i = hexadecimal(literal, i, 8, value);
        case 'N' -> i = named(literal, i, value);
        case '0', '1', '2', '3', '4', '5', '6', '7' -> {
          int end = i;
          while (end < literal.length()
              && end < i + 2
              && literal.charAt(end) >= '0'
              && literal.charAt(end) <= '7') {
            end++;
          }
          value.appendCodePoint(Integer.parseInt(literal.substring(i - 1, end), 8));
          i = end;
        }
        default -> value.append('\\').append(escape);
      }
    }
    return value.toString();
  }

  private int hexadecimal(String literal, int from, int length, StringBuilder value) {
    int end = from + length;
    try {
      int codePoint = Integer.parseUnsignedInt(literal.substring(from, end), 16);
      value.appendCodePoint(codePoint);
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      throw error("a text has an escape that is no character");
    }
    return end;
  }

  private int named(String literal, int from, StringBuilder value) {
    int end = literal.indexOf('}', from);
    if (end < 0 || literal.charAt(from) != '{') {
      throw error("malformed \\N character escape");
    }
    try {
      value.appendCodePoint(Character.codePointOf(literal.substring(from + 1, end)));
    } catch (IllegalArgumentException e) {
      throw error("unknown Unicode character name");
    }
    return end + 1;
  }
}
