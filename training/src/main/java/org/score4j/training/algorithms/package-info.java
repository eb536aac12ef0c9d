/**
 * Training algorithms, each a class that reads from top to bottom like its paper.
 *
 * <p>See docs/paper-index.md for paper, equation and config of each.
 */
@NullMarked
package org.score4j.training.algorithms;

import org.jspecify.annotations.NullMarked;
