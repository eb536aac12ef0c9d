package org.score4j.tokenizer.jinja;

/**
 * A token.
 *
 * @param text of data and operators as it stands, of a string its value
 */
record Token(Type type, String text, int line) {
  /** Kinds of tokens. */
  enum Type {
    DATA,
    VARIABLE_BEGIN,
    VARIABLE_END,
    BLOCK_BEGIN,
    BLOCK_END,
    NAME,
    STRING,
    INTEGER,
    FLOAT,
    OPERATOR,
    END
  }

  boolean is(String operator) {
    return type == Type.OPERATOR && text.equals(operator);
  }

  boolean isName(String name) {
    return type == Type.NAME && text.equals(name);
  }

  /** For messages. */
  String description() {
    return switch (type) {
      case VARIABLE_END -> "'}}'";
      case BLOCK_END -> "'%}'";
      case END -> "the end of the template";
      default -> "'" + text + "'";
    };
  }
}
