/**
 * Plain loops in double: the oracle of every other backend and of the gradient checks.
 *
 * <p>One thread, one loop per equation, no cleverness; it is read to learn what an operation does.
 */
@NullMarked
package org.score4j.kernels.reference;

import org.jspecify.annotations.NullMarked;
