/**
 * The cuda backend: kernels in CUDA C++ compiled by NVRTC when first used, matrix products by
 * cuBLAS, all through JCuda.
 *
 * <p>Parameter gradients accumulate ({@code +=}), activation gradients overwrite ({@code =}). Equal
 * calls give equal bits: no float atomics, reductions in a fixed order. Everything is queued on one
 * compute stream; only transfers and {@code sumOfSquares} wait.
 *
 * <p>{@link org.score4j.kernels.cuda.CudaLibraries} comes before anything of JCuda: it finds the
 * libraries of CUDA 12 or 13 and loads JCuda's natives against them.
 */
@NullMarked
package org.score4j.kernels.cuda;

import org.jspecify.annotations.NullMarked;
