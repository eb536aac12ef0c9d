package org.score4j.tokenizer.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** An expression; each knows the line it begins on. */
sealed interface Expr {
  int line();

  /** A literal. */
  record Const(int line, Object value) implements Expr {}

  /** A name that is read. */
  record Name(int line, String name) implements Expr {}

  /** {@code namespace.attribute}, where it is assigned. */
  record NamespaceRef(int line, String namespace, String attribute) implements Expr {}

  /** {@code (a, b)}. */
  record TupleOf(int line, List<Expr> items) implements Expr {}

  /** {@code [a, b]}. */
  record ListOf(int line, List<Expr> items) implements Expr {}

  /** {@code {a: b}}: keys and values in turn. */
  record DictOf(int line, List<Expr> keysAndValues) implements Expr {}

  /** {@code -a}, {@code +a}. */
  record Unary(int line, char operator, Expr operand) implements Expr {}

  /** Arithmetic. */
  record Binary(int line, String operator, Expr left, Expr right) implements Expr {}

  /** {@code a and b}, {@code a or b}: the value of one of them. */
  record Logical(int line, boolean and, Expr left, Expr right) implements Expr {}

  /** {@code not a}. */
  record Not(int line, Expr operand) implements Expr {}

  /** {@code a ~ b ~ c}. */
  record Concat(int line, List<Expr> parts) implements Expr {}

  /** {@code a < b <= c}: operators stand between the operands. */
  record Compare(int line, List<Expr> operands, List<String> operators) implements Expr {}

  /** {@code a if test else b}. */
  record Conditional(int line, Expr test, Expr then, @Nullable Expr otherwise) implements Expr {}

  /** {@code a.b}. */
  record Attribute(int line, Expr owner, String name) implements Expr {}

  /** {@code a[b]}. */
  record Element(int line, Expr owner, Expr index) implements Expr {}

  /** {@code a:b:c} within brackets. */
  record Slice(int line, @Nullable Expr start, @Nullable Expr stop, @Nullable Expr step)
      implements Expr {}

  /** {@code a(b)}. */
  record Call(int line, Expr callee, Arguments arguments) implements Expr {}

  /** {@code a | filter(b)}; without a value it is the filter of a block. */
  record Filter(int line, @Nullable Expr value, String name, Arguments arguments) implements Expr {}

  /** {@code a is test(b)}. */
  record Test(int line, Expr value, String name, Arguments arguments) implements Expr {}

  /**
   * Arguments as they are written.
   *
   * @param names of the last of {@code values}, which are given by name
   * @param star {@code *a}
   * @param doubleStar {@code **a}
   */
  record Arguments(
      List<Expr> values, List<String> names, @Nullable Expr star, @Nullable Expr doubleStar) {
    static final Arguments NONE = new Arguments(List.of(), List.of(), null, null);
  }
}
