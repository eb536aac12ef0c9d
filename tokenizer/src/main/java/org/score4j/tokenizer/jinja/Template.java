package org.score4j.tokenizer.jinja;

import java.util.Map;
import java.util.function.LongSupplier;

/** A template that was read. Immutable. */
public final class Template {
  private static final int MAX_CHARS = 1_000_000;

  private final Stmt.Body body;
  private final Names names;

  private Template(Stmt.Body body) {
    this.body = body;
    this.names = new Names(body);
  }

  /**
   * Reads a template.
   *
   * @throws TemplateException when it is no Jinja
   */
  public static Template parse(String source) {
    if (source.length() > MAX_CHARS) {
      throw TemplateException.limit("it has more than %,d characters".formatted(MAX_CHARS));
    }
    try {
      return new Template(Parser.parse(source));
    } catch (StackOverflowError e) {
      throw TemplateException.limit("its expressions nest too deeply");
    }
  }

  /**
   * The text of a conversation.
   *
   * @param values by name: texts, numbers, booleans, null, lists and maps of them
   * @param clock milliseconds since 1970, for {@code strftime_now}
   * @throws TemplateException when it gives no text
   */
  public String render(Map<String, ?> values, LongSupplier clock, Limits limits) {
    Budget budget = new Budget(limits);
    Interpreter interpreter =
        new Interpreter(names, Interpreter.context(budget, values), clock, budget);
    try {
      return interpreter.render(body);
    } catch (TemplateException e) {
      throw e.at(interpreter.line());
    } catch (StackOverflowError e) {
      // Where values nest, as the depth of evaluation is counted.
      throw TemplateException.limit("it nests too deeply").at(interpreter.line());
    }
  }
}
