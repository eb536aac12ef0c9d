package org.score4j.training.report;

import org.score4j.training.run.AttemptPair;

/** Text into HTML. Everything that comes from a model, a task or a config goes through escape. */
final class Html {
  private Html() {}

  static String escape(String text) {
    StringBuilder html = new StringBuilder(text.length() + 16);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '&' -> html.append("&amp;");
        case '<' -> html.append("&lt;");
        case '>' -> html.append("&gt;");
        case '"' -> html.append("&quot;");
        case '\'' -> html.append("&#39;");
        case '\n', '\t' -> html.append(c);
        // Other control characters are not allowed in HTML, escaped or not.
        default -> html.append(Character.isISOControl(c) ? '\uFFFD' : c);
      }
    }
    return html.toString();
  }

  /** A problem with both attempts; what changed is marked by colour and by weight. */
  static String pair(AttemptPair pair) {
    boolean fixed = !pair.firstCorrect() && pair.secondCorrect();
    boolean broken = pair.firstCorrect() && !pair.secondCorrect();
    String change = fixed ? "fixed" : broken ? "broken" : "same";
    StringBuilder second = new StringBuilder();
    for (AttemptDiff.Part part : AttemptDiff.parts(pair.first(), pair.second())) {
      String text = escape(part.text());
      second.append(part.changed() ? "<b class=\"" + change + "\">" + text + "</b>" : text);
    }
    return """
    <tr><td><code>%s</code></td>
    <td><code>%s</code> %s<br><small>%s</small></td>
    <td><code>%s</code> %s<br><small>%s</small></td></tr>
    """
        .formatted(
            escape(pair.problem()),
            escape(pair.first()),
            mark(pair.firstCorrect()),
            escape(pair.firstReason()),
            second,
            mark(pair.secondCorrect()),
            escape(pair.secondReason()));
  }

  private static String mark(boolean correct) {
    return correct
        ? "<span class=\"right\" title=\"right\">✓</span>"
        : "<span class=\"wrong\" title=\"wrong\">✗</span>";
  }
}
