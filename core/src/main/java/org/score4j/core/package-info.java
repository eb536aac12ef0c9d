/**
 * The engine: transformer, generation, optimiser.
 *
 * <p>Reads no files and prints nothing.
 */
@NullMarked
package org.score4j.core;

import org.jspecify.annotations.NullMarked;
