/**
 * Accuracies of both attempts and what happened between them, each with a 95% interval.
 *
 * <p>Counts verdicts of generated responses on held-out problems; shaped rewards play no part here.
 */
@NullMarked
package org.score4j.training.evaluation;

import org.jspecify.annotations.NullMarked;
