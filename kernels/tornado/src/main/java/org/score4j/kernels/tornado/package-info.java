/**
 * The tornado backend: every kernel is a static Java method that TornadoVM compiles to OpenCL, PTX
 * or SPIR-V when it is first launched.
 *
 * <p>Parameter gradients accumulate ({@code +=}), activation gradients overwrite ({@code =}). Sums
 * run in an order that depends on the row alone, so equal calls give equal bits, and so do equal
 * rows of different batches. Single precision only.
 *
 * <p>A {@code …Kernels} class is the host's side of a family, the {@code …Code} class beside it the
 * device's: there nothing is allocated but local arrays of constant size, loops have one exit, and
 * {@code >>>} is not used on ints, which TornadoVM 5.2 compiles to an arithmetic shift for OpenCL.
 */
@NullMarked
package org.score4j.kernels.tornado;

import org.jspecify.annotations.NullMarked;
