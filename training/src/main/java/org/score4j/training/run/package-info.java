/**
 * One run: its phases, its folder, its training state, and who is told about its steps.
 *
 * <p>A run folder belongs to one process at a time.
 */
@NullMarked
package org.score4j.training.run;

import org.jspecify.annotations.NullMarked;
