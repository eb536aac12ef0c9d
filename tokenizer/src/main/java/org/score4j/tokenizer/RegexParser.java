package org.score4j.tokenizer;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.score4j.tokenizer.RegexNode.Assertion;
import org.score4j.tokenizer.RegexNode.Choice;
import org.score4j.tokenizer.RegexNode.One;
import org.score4j.tokenizer.RegexNode.Repeat;
import org.score4j.tokenizer.RegexNode.Sequence;

/**
 * Reads a regular expression in the engine's syntax, Oniguruma's for Ruby. What cannot be bounded,
 * such as a back reference, is refused by name.
 */
final class RegexParser {
  /** Nested groups; also of the recursion here. */
  private static final int MAX_DEPTH = 100;

  /** Oniguruma's own limit. */
  private static final int MAX_REPEAT = 100_000;

  private final String text;
  private int at;
  private int depth;
  private boolean ignoreCase;

  private RegexParser(String text) {
    this.text = text;
  }

  /** The node; throws {@link RegexRefusal}. */
  static RegexNode parse(String regex) {
    RegexParser parser = new RegexParser(regex);
    RegexNode node = parser.choice();
    if (parser.at < regex.length()) {
      throw new RegexRefusal("an unmatched parenthesis at character " + parser.at);
    }
    return node;
  }

  private RegexNode choice() {
    if (++depth > MAX_DEPTH) {
      throw new RegexRefusal("groups in groups, more than " + MAX_DEPTH + " levels");
    }
    boolean outerCase = ignoreCase;
    List<RegexNode> alternatives = new ArrayList<>();
    do {
      alternatives.add(sequence());
    } while (take("|"));
    ignoreCase = outerCase;
    depth--;
    return alternatives.size() == 1 ? alternatives.getFirst() : new Choice(alternatives);
  }

  private RegexNode sequence() {
    List<RegexNode> parts = new ArrayList<>();
    while (at < text.length() && peek() != '|' && peek() != ')') {
      RegexNode part = quantified(atom());
      parts.add(part);
    }
    return parts.size() == 1 ? parts.getFirst() : new Sequence(parts);
  }

  private RegexNode quantified(RegexNode atom) {
    RegexNode node = atom;
    while (at < text.length()) {
      int begin = at;
      if (take("*")) {
        node = new Repeat(node, 0, Repeat.UNBOUNDED);
      } else if (take("+")) {
        node = new Repeat(node, 1, Repeat.UNBOUNDED);
      } else if (take("?")) {
        node = new Repeat(node, 0, 1);
      } else if (peek() == '{') {
        RegexNode counted = counted(node);
        if (counted == null) {
          return node;
        }
        node = counted;
        // Lazy; a + behind an interval repeats it once more in Ruby's syntax.
        take("?");
        continue;
      } else {
        return node;
      }
      // Lazy or possessive: neither costs more.
      if (at == begin + 1 && !take("?")) {
        take("+");
      }
    }
    return node;
  }

  /** {@code {m,n}}; null where the brace is a letter. */
  private @Nullable RegexNode counted(RegexNode node) {
    int close = text.indexOf('}', at);
    if (close < 0 || !text.substring(at + 1, close).matches("\\d{1,9}(,\\d{0,9})?|,\\d{1,9}")) {
      return null;
    }
    String[] bounds = text.substring(at + 1, close).split(",", -1);
    int min = bounds[0].isEmpty() ? 0 : Integer.parseInt(bounds[0]);
    int max =
        bounds.length == 1
            ? min
            : bounds[1].isEmpty() ? Repeat.UNBOUNDED : Integer.parseInt(bounds[1]);
    if (min > MAX_REPEAT || (max > MAX_REPEAT && max != Repeat.UNBOUNDED)) {
      throw new RegexRefusal("more than %d repetitions".formatted(MAX_REPEAT));
    }
    at = close + 1;
    return new Repeat(node, Math.min(min, max), Math.max(min, max));
  }

  private RegexNode atom() {
    char c = text.charAt(at);
    return switch (c) {
      case '(' -> group();
      case '[' -> new One(cased(set()));
      case '.' -> {
        at++;
        yield new One(CodePoints.of(x -> true));
      }
      case '^', '$' -> {
        at++;
        yield new Assertion(new Sequence(List.of()));
      }
      case '\\' -> escape();
      case '*', '+', '?' ->
          throw new RegexRefusal("nothing before the " + c + " at character " + at);
      default -> {
        int literal = text.codePointAt(at);
        at += Character.charCount(literal);
        yield new One(cased(CodePoints.range(literal, literal)));
      }
    };
  }

  private RegexNode group() {
    int begin = at;
    at++;
    if (take("?#")) {
      while (at < text.length() && peek() != ')') {
        at++;
      }
      close(begin);
      return new Sequence(List.of());
    }
    if (take("?=") || take("?!") || take("?<=") || take("?<!")) {
      RegexNode part = choice();
      close(begin);
      return new Assertion(part);
    }
    boolean outerCase = ignoreCase;
    if (take("?:") || take("?>")) {
      return rest(begin, outerCase);
    }
    if (at < text.length() && peek() == '?') {
      int name = text.indexOf('>', at);
      if (text.startsWith("?<", at) && name > 0 && text.substring(at + 2, name).matches("\\w+")) {
        at = name + 1;
        return rest(begin, outerCase);
      }
      return options(begin, outerCase);
    }
    if (at < text.length() && peek() == '*') {
      throw new RegexRefusal("a callout, (*…)");
    }
    return rest(begin, outerCase);
  }

  private RegexNode rest(int begin, boolean outerCase) {
    RegexNode part = choice();
    ignoreCase = outerCase;
    close(begin);
    return part;
  }

  /** {@code (?i:…)}, or {@code (?i)} for the rest of the group around. */
  private RegexNode options(int begin, boolean outerCase) {
    int end = at + 1;
    while (end < text.length() && "imsx-".indexOf(text.charAt(end)) >= 0) {
      end++;
    }
    String options = text.substring(at + 1, end);
    if (options.isEmpty() || end == text.length() || ":)".indexOf(text.charAt(end)) < 0) {
      throw new RegexRefusal(
          "a group of an unknown kind, " + text.substring(begin, Math.min(text.length(), end + 1)));
    }
    int minus = options.indexOf('-');
    String on = minus < 0 ? options : options.substring(0, minus);
    if (on.contains("x")) {
      throw new RegexRefusal("the option x");
    }
    ignoreCase = on.contains("i") || (ignoreCase && !options.substring(on.length()).contains("i"));
    at = end + 1;
    if (text.charAt(end) == ':') {
      return rest(begin, outerCase);
    }
    // Of the alternatives as well: everything up to the end of the group is inside of it.
    RegexNode part = choice();
    ignoreCase = outerCase;
    return part;
  }

  private void close(int begin) {
    if (!take(")")) {
      throw new RegexRefusal("a group without end from character " + begin);
    }
  }

  private RegexNode escape() {
    char c = next("\\");
    return switch (c) {
      case 'b', 'B', 'A', 'Z', 'z', 'G' -> new Assertion(new Sequence(List.of()));
      case 'R' ->
          new Choice(
              List.of(
                  new Sequence(
                      List.of(
                          new One(CodePoints.range('\r', '\r')),
                          new One(CodePoints.range('\n', '\n')))),
                  new One(
                      CodePoints.of(
                          x ->
                              (x >= '\n' && x <= '\r')
                                  || x == 0x85
                                  || x == 0x2028
                                  || x == 0x2029))));
      case 'X' -> throw new RegexRefusal("\\X, a grapheme cluster");
      case 'K' -> throw new RegexRefusal("\\K, which keeps what was matched before");
      case 'k', 'g' -> throw new RegexRefusal("a back reference or a call, \\" + c);
      case '1', '2', '3', '4', '5', '6', '7', '8', '9' ->
          throw new RegexRefusal("a back reference, \\" + c);
      default -> new One(cased(escaped(c)));
    };
  }

  /** The set of an escape, whose letter was just taken. */
  private CodePoints escaped(char c) {
    return switch (c) {
      case 's' -> CodePoints.SPACE;
      case 'S' -> CodePoints.SPACE.not();
      case 'd' -> CodePoints.property("nd");
      case 'D' -> CodePoints.property("nd").not();
      case 'w' -> CodePoints.WORD;
      case 'W' -> CodePoints.WORD.not();
      case 'h' -> CodePoints.property("xdigit");
      case 'H' -> CodePoints.property("xdigit").not();
      case 'N', 'O' -> CodePoints.UNKNOWN;
      case 'p', 'P' -> property(c == 'P');
      default -> {
        int literal = literal(c);
        yield CodePoints.range(literal, literal);
      }
    };
  }

  private CodePoints property(boolean not) {
    int close = text.indexOf('}', at);
    if (at >= text.length() || peek() != '{' || close < 0) {
      throw new RegexRefusal("a property without braces at character " + at);
    }
    String name = text.substring(at + 1, close);
    at = close + 1;
    boolean inner = name.startsWith("^");
    CodePoints set = CodePoints.property(inner ? name.substring(1) : name);
    return inner == not ? set : set.not();
  }

  /** The code point of an escape that is one. */
  private int literal(char c) {
    return switch (c) {
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'f' -> '\f';
      case 'v' -> 0x0B;
      case 'a' -> 7;
      case 'e' -> 0x1B;
      case '0' -> digits(8, 2);
      case 'x' -> {
        if (at < text.length() && peek() == '{') {
          at++;
          int code = digits(16, 8);
          if (!take("}")) {
            throw new RegexRefusal("a code point without closing brace at character " + at);
          }
          yield code;
        }
        yield digits(16, 2);
      }
      case 'u' -> digits(16, 4);
      case 'c', 'C', 'M' -> throw new RegexRefusal("a control escape, \\" + c);
      default -> c;
    };
  }

  private int digits(int radix, int atMost) {
    long value = 0;
    for (int n = 0; n < atMost && at < text.length(); n++, at++) {
      int digit = Character.digit(text.charAt(at), radix);
      if (digit < 0) {
        break;
      }
      value = value * radix + digit;
    }
    return (int) Math.min(value, Character.MAX_CODE_POINT);
  }

  /** A class in brackets. */
  private CodePoints set() {
    if (++depth > MAX_DEPTH) {
      throw new RegexRefusal("classes in classes, more than " + MAX_DEPTH + " levels");
    }
    int begin = at;
    at++;
    boolean not = take("^");
    @Nullable CodePoints all = null;
    CodePoints part = RegexNode.NONE;
    boolean first = true;
    while (true) {
      if (at >= text.length()) {
        throw new RegexRefusal("a class without end from character " + begin);
      }
      if (peek() == ']' && !first) {
        at++;
        break;
      }
      first = false;
      if (take("&&")) {
        all = all == null ? part : all.and(part);
        part = RegexNode.NONE;
      } else if (text.startsWith("[:", at) && text.indexOf(":]", at) > 0) {
        int close = text.indexOf(":]", at);
        String name = text.substring(at + 2, close);
        at = close + 2;
        boolean inner = name.startsWith("^");
        CodePoints named = CodePoints.property(inner ? name.substring(1) : name);
        part = part.or(inner ? named.not() : named);
      } else if (peek() == '[') {
        part = part.or(set());
      } else {
        part = part.or(member());
      }
    }
    depth--;
    CodePoints whole = all == null ? part : all.and(part);
    // Cases first: a class without a letter lacks its other case too.
    whole = cased(whole);
    return not ? whole.not() : whole;
  }

  /** One code point, a range, or the set of an escape. */
  private CodePoints member() {
    int from;
    if (peek() == '\\') {
      char c = next("\\");
      if ("sSdDwWhHpPNO".indexOf(c) >= 0) {
        return escaped(c);
      }
      if (c == 'R' || c == 'X') {
        return CodePoints.UNKNOWN;
      }
      from = c == 'b' ? '\b' : literal(c);
    } else {
      from = text.codePointAt(at);
      at += Character.charCount(from);
    }
    boolean range =
        at + 1 < text.length()
            && peek() == '-'
            && text.charAt(at + 1) != ']'
            && !text.startsWith("-[", at)
            && !text.startsWith("-&&", at);
    if (!range) {
      return CodePoints.range(from, from);
    }
    at++;
    int to;
    if (peek() == '\\') {
      char c = next("\\");
      if ("sSdDwWhHpPNORX".indexOf(c) >= 0) {
        return CodePoints.UNKNOWN;
      }
      to = literal(c);
    } else {
      to = text.codePointAt(at);
      at += Character.charCount(to);
    }
    return CodePoints.range(from, to);
  }

  private CodePoints cased(CodePoints set) {
    return ignoreCase ? set.ignoringCase() : set;
  }

  private char next(String before) {
    at += before.length();
    if (at >= text.length()) {
      throw new RegexRefusal("an escape without letter at its end");
    }
    return text.charAt(at++);
  }

  private char peek() {
    return text.charAt(at);
  }

  private boolean take(String word) {
    if (text.startsWith(word, at)) {
      at += word.length();
      return true;
    }
    return false;
  }
}
