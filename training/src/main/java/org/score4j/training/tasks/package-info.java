/**
 * What is trained on: problems with their prompts, the correction instruction, the stop rule and
 * the verifier of each task.
 *
 * <p>One task, one class. Problems are a function of a seed; randomness is Philox by key and
 * counter, never a generator with state.
 */
@NullMarked
package org.score4j.training.tasks;

import org.jspecify.annotations.NullMarked;
