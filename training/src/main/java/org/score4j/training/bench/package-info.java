/**
 * Speed of a backend: single ops, training and decoding at the shapes of real models.
 *
 * <p>Medians after a warm-up. Only ratios mean anything on a machine that others use too.
 */
@NullMarked
package org.score4j.training.bench;

import org.jspecify.annotations.NullMarked;
