/**
 * Judges of responses: text in, a verdict with a reason out, without side effects.
 *
 * <p>A verifier that could not judge says so; that is an error and never a score of zero.
 */
@NullMarked
package org.score4j.training.verifiers;

import org.jspecify.annotations.NullMarked;
