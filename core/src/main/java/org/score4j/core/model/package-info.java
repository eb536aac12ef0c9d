/**
 * The decoder-only transformer with its hand-written backward pass, over packed sequences.
 *
 * <p>Shape letters: T tokens, R rows that something reads, N predictions, D hiddenSize, H heads, E
 * headDim, F intermediateSize, V vocabSize.
 */
@NullMarked
package org.score4j.core.model;

import org.jspecify.annotations.NullMarked;
