/**
 * The {@code cpu} backend: Vector API kernels on raw addresses of native memory, a fixed pool of
 * threads.
 *
 * <p>Every row of an output is computed in an order that does not depend on the rows around it, nor
 * on the number of threads.
 */
@NullMarked
package org.score4j.kernels.cpu;

import org.jspecify.annotations.NullMarked;
