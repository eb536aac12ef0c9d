/**
 * Jinja as Hugging Face runs it for chat templates: Jinja2 3.1 in its immutable sandbox, with
 * {@code trim_blocks}, {@code lstrip_blocks}, loop controls, {@code tojson} without escapes, {@code
 * raise_exception}, {@code strftime_now} and {@code generation} blocks.
 *
 * <p>A {@link org.score4j.tokenizer.jinja.Lexer} makes tokens, a {@link
 * org.score4j.tokenizer.jinja.Parser} a tree of {@link org.score4j.tokenizer.jinja.Stmt} and {@link
 * org.score4j.tokenizer.jinja.Expr}, an {@link org.score4j.tokenizer.jinja.Interpreter} walks it
 * within a {@link org.score4j.tokenizer.jinja.Budget}. Values are Python's:
 *
 * <pre>
 * str    String, counted in code points    list       PyList
 * Markup Markup                            tuple      PyTuple
 * int    Long, BigInteger beyond it        dict       PyDict
 * float  Double                            range      PyRange
 * bool   Boolean                           generator  Generator
 * None   None.NONE                         functions  Callable
 * </pre>
 */
@NullMarked
package org.score4j.tokenizer.jinja;

import org.jspecify.annotations.NullMarked;
