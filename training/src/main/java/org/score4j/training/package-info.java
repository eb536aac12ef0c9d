/**
 * The program score4j: Main, and below it the CLI and all that a training run consists of.
 *
 * <p>Nothing depends on this module but the tests.
 */
@NullMarked
package org.score4j.training;

import org.jspecify.annotations.NullMarked;
