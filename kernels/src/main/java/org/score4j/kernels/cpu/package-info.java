/**
 * The {@code cpu} backend: Vector API kernels on raw addresses of native memory, a fixed pool of
 * threads.
 *
 * <p>Every row of an output is computed in an order that does not depend on the rows around it, nor
 * on the number of threads.
 *
 * <p>Arithmetic is F32. Matrices of weights that are only read may be BF16: they are widened
 * exactly where they are read ({@link org.score4j.kernels.cpu.WeightAddress}), and nothing behind
 * that differs.
 */
@NullMarked
package org.score4j.kernels.cpu;

import org.jspecify.annotations.NullMarked;
