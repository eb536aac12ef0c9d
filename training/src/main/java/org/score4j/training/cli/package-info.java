/**
 * The commands of score4j and the start of the JVM they need.
 *
 * <p>stdout is for results, stderr for progress and logs.
 */
@NullMarked
package org.score4j.training.cli;

import org.jspecify.annotations.NullMarked;
