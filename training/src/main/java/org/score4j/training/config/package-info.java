/**
 * The config of a run: YAML in, records out.
 *
 * <p>Every key is a record component of the same name; defaults are the complete configs in the
 * jar, never values in code.
 */
@NullMarked
package org.score4j.training.config;

import org.jspecify.annotations.NullMarked;
