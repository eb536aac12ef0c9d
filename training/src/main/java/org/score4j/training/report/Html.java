package org.score4j.training.report;

import org.score4j.training.rollouts.Transcript;

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

  /**
   * A row of a table: the problem and its attempts; what changed since the attempt before is marked
   * by colour and by weight.
   */
  static String transcript(Transcript transcript) {
    StringBuilder row = new StringBuilder("<tr><td><code>");
    row.append(escape(transcript.problem())).append("</code></td>");
    Transcript.Attempt before = null;
    for (Transcript.Attempt attempt : transcript.attempts()) {
      row.append("\n<td><code>")
          .append(before == null ? escape(attempt.text()) : changes(before, attempt))
          .append("</code> ")
          .append(mark(attempt.correct()))
          .append("<br><small>")
          .append(escape(attempt.reason()))
          .append("</small></td>");
      before = attempt;
    }
    return row.append("</tr>\n").toString();
  }

  private static String changes(Transcript.Attempt before, Transcript.Attempt after) {
    String change =
        before.correct() == after.correct() ? "same" : after.correct() ? "fixed" : "broken";
    StringBuilder html = new StringBuilder();
    for (AttemptDiff.Part part : AttemptDiff.parts(before.text(), after.text())) {
      String text = escape(part.text());
      html.append(part.changed() ? "<b class=\"" + change + "\">" + text + "</b>" : text);
    }
    return html.toString();
  }

  private static String mark(boolean correct) {
    return correct
        ? "<span class=\"right\" title=\"right\">✓</span>"
        : "<span class=\"wrong\" title=\"wrong\">✗</span>";
  }
}
