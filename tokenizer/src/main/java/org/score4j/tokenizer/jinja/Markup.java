package org.score4j.tokenizer.jinja;

/** A text that is marked as safe HTML: what is added to it is escaped. */
record Markup(String text) {
  /** A text with the characters of HTML escaped. */
  static String escape(Budget budget, String text) {
    budget.scan(text);
    StringBuilder escaped = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '&' -> escaped.append("&amp;");
        case '<' -> escaped.append("&lt;");
        case '>' -> escaped.append("&gt;");
        case '\'' -> escaped.append("&#39;");
        case '"' -> escaped.append("&#34;");
        default -> escaped.append(c);
      }
    }
    budget.room(escaped.length());
    return escaped.toString();
  }
}
