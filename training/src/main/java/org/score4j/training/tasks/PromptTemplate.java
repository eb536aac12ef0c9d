package org.score4j.training.tasks;

import java.util.Map;

/** A prompt with places such as {@code {problem}}; other braces, such as LaTeX's, are text. */
record PromptTemplate(String template) {
  /** Refuses a template without a place for the problem. */
  PromptTemplate {
    if (!template.contains("{problem}")) {
      throw new IllegalArgumentException(
          "task.firstPrompt has no {problem}; every prompt would be the same");
    }
  }

  /** The prompt; what is filled in is not looked at for places again. */
  String fill(Map<String, String> values) {
    StringBuilder prompt = new StringBuilder();
    int at = 0;
    while (at < template.length()) {
      int close = template.charAt(at) == '{' ? template.indexOf('}', at) : -1;
      String value = close < 0 ? null : values.get(template.substring(at + 1, close));
      if (value == null) {
        prompt.append(template.charAt(at++));
      } else {
        prompt.append(value);
        at = close + 1;
      }
    }
    return prompt.toString();
  }
}
