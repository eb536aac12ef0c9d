/**
 * Sampling from the model: paged KV cache, continuous batching, several turns per conversation.
 *
 * <p>The kernels and weights are those of training; tokens go in and tokens come out.
 */
@NullMarked
package org.score4j.core.generation;

import org.jspecify.annotations.NullMarked;
