package org.score4j.tokenizer.jinja;

import java.io.Serial;

/** Why a template gives no text. The message is one clause without the template's name. */
public final class TemplateException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  /** Kinds of reasons. */
  public enum Kind {
    /** The source is no Jinja. */
    SYNTAX,
    /** Jinja2 has it and this package does not. */
    UNSUPPORTED,
    /** Jinja2 raises an exception as well. */
    ERROR,
    /** The template called {@code raise_exception}. */
    REFUSED,
    /** The template needs more than its {@link Limits}. */
    LIMIT
  }

  private final Kind kind;
  private final int line;

  TemplateException(Kind kind, int line, String message) {
    super(message);
    this.kind = kind;
    this.line = line;
  }

  static TemplateException syntax(int line, String message) {
    return new TemplateException(Kind.SYNTAX, line, message);
  }

  static TemplateException unsupported(String what) {
    return new TemplateException(Kind.UNSUPPORTED, 0, what);
  }

  static TemplateException error(String message) {
    return new TemplateException(Kind.ERROR, 0, message);
  }

  static TemplateException limit(String message) {
    return new TemplateException(Kind.LIMIT, 0, message);
  }

  /** The same with a line where it has none. */
  TemplateException at(int where) {
    if (line > 0) {
      return this;
    }
    TemplateException located = new TemplateException(kind, where, reason());
    located.setStackTrace(getStackTrace());
    return located;
  }

  /** The message, never null. */
  public String reason() {
    return String.valueOf(getMessage());
  }

  /** Its kind. */
  public Kind kind() {
    return kind;
  }

  /** The line of the template, from 1; 0 where there is none. */
  public int line() {
    return line;
  }
}
