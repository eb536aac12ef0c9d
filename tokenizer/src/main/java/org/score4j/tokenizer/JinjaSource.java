package org.score4j.tokenizer;

/**
 * Whitespace of a Jinja template as Jinja2's lexer treats it under {@code trim_blocks} and {@code
 * lstrip_blocks}: the result has tags without signs and text that is printed as it stands. Jinjava
 * is given this, for its own treatment differs: it keeps what lies between two outputs that strip
 * it, where they stand on lines of their own.
 */
final class JinjaSource {
  private final String source;
  private final StringBuilder out = new StringBuilder();
  private final JinjaBlocks blocks = new JinjaBlocks();
  private int at;

  private JinjaSource(String source) {
    this.source = source;
  }

  /**
   * The template with its whitespace resolved.
   *
   * @throws TokenizerException when a tag or a comment does not end
   */
  static String resolve(String template) {
    String lines = template.replace("\r\n", "\n").replace('\r', '\n');
    // keep_trailing_newline is off: one is dropped.
    return new JinjaSource(lines.endsWith("\n") ? lines.substring(0, lines.length() - 1) : lines)
        .run();
  }

  private String run() {
    while (at < source.length()) {
      int open = nextOpen(at);
      if (open < 0) {
        out.append(source, at, source.length());
        break;
      }
      text(at, open);
      char kind = source.charAt(open + 1);
      int body = open + 2;
      if (body < source.length() && isSign(source.charAt(body))) {
        body++;
      }
      switch (kind) {
        case '#' -> comment(body);
        case '%' -> block(open, body);
        default -> variable(open, body);
      }
    }
    blocks.end();
    return out.toString();
  }

  /** Where the next tag or comment opens; -1 where none does. */
  private int nextOpen(int from) {
    for (int i = from; i + 1 < source.length(); i++) {
      if (source.charAt(i) == '{' && "{%#".indexOf(source.charAt(i + 1)) >= 0) {
        return i;
      }
    }
    return -1;
  }

  /** Text before a tag at {@code open}, without what the tag strips to its left. */
  private void text(int from, int open) {
    int end = open;
    char sign = open + 2 < source.length() ? source.charAt(open + 2) : ' ';
    if (sign == '-') {
      while (end > from && Character.isWhitespace(source.charAt(end - 1))) {
        end--;
      }
    } else if (sign != '+' && source.charAt(open + 1) != '{') {
      int line = end;
      while (line > from
          && source.charAt(line - 1) != '\n'
          && Character.isWhitespace(source.charAt(line - 1))) {
        line--;
      }
      // Only where the tag is the first on its line; whatever was there may lie before the text.
      if (line == 0 || source.charAt(line - 1) == '\n') {
        end = line;
      }
    }
    out.append(source, from, end);
  }

  private void comment(int body) {
    int close = source.indexOf("#}", body);
    if (close < 0) {
      throw unclosed("{#", body - 2);
    }
    at = afterBlock(close + 2, source.charAt(close - 1));
  }

  private void variable(int open, int body) {
    int close = tagEnd(open, body, "}}");
    boolean strips = source.charAt(close - 1) == '-';
    String content = source.substring(body, strips ? close - 1 : close);
    if (JinjaExpression.hasKeyword(content, "and") && !JinjaExpression.hasKeyword(content, "if")) {
      // Jinjava's is true or false, Jinja2's one of its sides.
      throw JinjaBlocks.refused("printing 'a and b'");
    }
    String value = JinjaExpression.rewrite(content);
    // Jinjava takes an object literal within parentheses for something else.
    out.append("{{ ")
        .append(JinjaExpression.isChain(content) ? value : "(" + value + ")")
        .append(" | ")
        .append(TemplateFunctions.PRINT)
        .append(" }}");
    at = strips ? skipWhitespace(close + 2) : close + 2;
  }

  private void block(int open, int body) {
    int close = tagEnd(open, body, "%}");
    char sign = source.charAt(close - 1);
    String content = source.substring(body, isSign(sign) ? close - 1 : close);
    at = afterBlock(close + 2, sign);
    if (content.strip().equals("raw")) {
      raw(open);
    } else {
      blocks.open(content.strip());
      if (!JinjaBlocks.isMarker(content.strip())) {
        out.append("{% ").append(JinjaExpression.rewrite(content)).append(" %}");
      }
    }
  }

  /** Text between raw and endraw, printed as a literal: its braces are no tags. */
  private void raw(int open) {
    int end = at;
    while (true) {
      end = source.indexOf("{%", end);
      if (end < 0) {
        throw unclosed("{% raw %}", open);
      }
      int close = source.indexOf("%}", end);
      String content = close < 0 ? "" : source.substring(end + 2, close);
      String name = content.replaceAll("^[-+]|[-+]$", "").strip();
      if (name.equals("endraw")) {
        int before = out.length();
        text(at, end);
        String literal = out.substring(before);
        out.setLength(before);
        if (!literal.isEmpty()) {
          out.append("{{ ").append(quoted(literal)).append(" }}");
        }
        at = afterBlock(close + 2, source.charAt(close - 1));
        return;
      }
      end += 2;
    }
  }

  private static String quoted(String literal) {
    return "'" + literal.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'";
  }

  /** Where the text after a block or comment begins. */
  private int afterBlock(int end, char sign) {
    if (sign == '-') {
      return skipWhitespace(end);
    }
    boolean newline = end < source.length() && source.charAt(end) == '\n';
    return newline && sign != '+' ? end + 1 : end;
  }

  private int skipWhitespace(int from) {
    int end = from;
    while (end < source.length() && Character.isWhitespace(source.charAt(end))) {
      end++;
    }
    return end;
  }

  /** Where the tag ends, past texts in quotes and braces of its own. */
  private int tagEnd(int open, int body, String close) {
    int depth = 0;
    for (int i = body; i < source.length(); i++) {
      char c = source.charAt(i);
      if (c == '\'' || c == '"') {
        i = stringEnd(open, i);
      } else if (depth == 0 && source.startsWith(close, i)) {
        return i;
      } else if ("{[(".indexOf(c) >= 0) {
        depth++;
      } else if ("}])".indexOf(c) >= 0) {
        depth--;
      }
    }
    throw unclosed(source.substring(open, body), open);
  }

  private int stringEnd(int open, int quote) {
    for (int i = quote + 1; i < source.length(); i++) {
      if (source.charAt(i) == '\\') {
        i++;
      } else if (source.charAt(i) == source.charAt(quote)) {
        return i;
      }
    }
    throw unclosed("text in quotes", open);
  }

  private static boolean isSign(char c) {
    return c == '-' || c == '+';
  }

  private TokenizerException unclosed(String what, int where) {
    long line = source.substring(0, where).chars().filter(c -> c == '\n').count() + 1;
    return new TokenizerException(
        "chat template: %s on line %d does not end; copy the template again from where the model was saved"
            .formatted(what, line));
  }
}
