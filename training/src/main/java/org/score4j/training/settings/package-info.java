/**
 * What every record of a config uses: range checks, and the exception of a config that cannot be
 * run.
 *
 * <p>Below all other packages of the program.
 */
@NullMarked
package org.score4j.training.settings;

import org.jspecify.annotations.NullMarked;
