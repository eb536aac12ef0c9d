/**
 * The paged cache's bookkeeping.
 *
 * <p>What generation does with it is tested on every backend in the module tests.
 */
@NullMarked
package org.score4j.core.generation;

import org.jspecify.annotations.NullMarked;
