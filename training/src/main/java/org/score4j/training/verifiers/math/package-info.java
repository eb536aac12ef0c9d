/**
 * Judging mathematics without a model: find the final answer in a response, read it, compare it.
 *
 * <p>Text → {@link org.score4j.training.verifiers.math.AnswerExtractor} → tokens → {@link
 * org.score4j.training.verifiers.math.Answer} → comparison element by element; leaves are compared
 * as text, then as exact rationals, then numerically. Everything is pure, bounded in size and time,
 * and free of regular expressions.
 */
@NullMarked
package org.score4j.training.verifiers.math;

import org.jspecify.annotations.NullMarked;
