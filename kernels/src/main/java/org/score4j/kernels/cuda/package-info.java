/**
 * The backend for NVIDIA GPUs: JCuda's driver API, kernels compiled by NVRTC when first used,
 * matrix products by cuBLAS.
 *
 * <p>{@link org.score4j.kernels.cuda.CudaLibraries} comes before anything of JCuda: it finds the
 * libraries of CUDA 12 or 13 and loads JCuda's natives against them.
 */
@NullMarked
package org.score4j.kernels.cuda;

import org.jspecify.annotations.NullMarked;
