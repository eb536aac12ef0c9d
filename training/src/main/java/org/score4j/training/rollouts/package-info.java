/**
 * Conversations sampled from the policy, and how they become batches to learn from.
 *
 * <p>Ids are those that were sampled; text is never tokenised again. Masks are derived from spans,
 * never stored.
 */
@NullMarked
package org.score4j.training.rollouts;

import org.jspecify.annotations.NullMarked;
