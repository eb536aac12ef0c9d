/**
 * AdamW and learning-rate schedules.
 *
 * <p>State is a pair of {@link org.score4j.core.model.Parameters} beside the weights.
 */
@NullMarked
package org.score4j.core.optim;

import org.jspecify.annotations.NullMarked;
