package org.score4j.tokenizer.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A statement; each knows the line it begins on. */
sealed interface Stmt {
  int line();

  /** Text between tags. */
  record Text(int line, String text) implements Stmt {}

  /** {@code {{ value }}}. */
  record Print(int line, Expr value) implements Stmt {}

  /** {@code {% if %}} with its elifs: as many bodies as tests, and that of else. */
  record If(int line, List<Expr> tests, List<List<Stmt>> bodies, List<Stmt> otherwise)
      implements Stmt {}

  /** {@code {% for target in iterable if test %}}. */
  record For(
      int line,
      Expr target,
      Expr iterable,
      @Nullable Expr test,
      boolean recursive,
      Body body,
      Body otherwise)
      implements Stmt {}

  /** {@code {% set target = value %}}. */
  record Assign(int line, Expr target, Expr value) implements Stmt {}

  /** {@code {% set target | filter %}…{% endset %}}. */
  record AssignBlock(int line, Expr target, Expr.@Nullable Filter filter, Body body)
      implements Stmt {}

  /** {@code {% macro name(…) %}}. */
  record Macro(int line, String name, Signature signature, Body body) implements Stmt {}

  /** {@code {% call(…) macro(…) %}}. */
  record CallBlock(int line, Signature signature, Expr.Call call, Body body) implements Stmt {}

  /** {@code {% filter name %}}. */
  record FilterBlock(int line, Expr.Filter filter, Body body) implements Stmt {}

  /** {@code {% with target = value %}}. */
  record With(int line, List<Expr> targets, List<Expr> values, Body body) implements Stmt {}

  /** {@code {% generation %}}: prints its body, within a scope. */
  record Generation(int line, Body body) implements Stmt {}

  /** {@code {% break %}}. */
  record Break(int line) implements Stmt {}

  /** {@code {% continue %}}. */
  record Continue(int line) implements Stmt {}

  /** A tag of Jinja2 that is refused where it is reached. */
  record Unsupported(int line, String tag) implements Stmt {}

  /** Statements with a scope of their own. */
  record Body(List<Stmt> statements) {}

  /**
   * Parameters of a macro.
   *
   * @param defaults of the last of {@code names}
   */
  record Signature(List<String> names, List<Expr> defaults) {
    static final Signature NONE = new Signature(List.of(), List.of());
  }
}
