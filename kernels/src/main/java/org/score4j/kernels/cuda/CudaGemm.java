package org.score4j.kernels.cuda;

import static jcuda.cudaDataType.CUDA_R_16BF;
import static jcuda.cudaDataType.CUDA_R_32F;
import static jcuda.jcublas.cublasComputeType.CUBLAS_COMPUTE_32F;
import static jcuda.jcublas.cublasGemmAlgo.CUBLAS_GEMM_DEFAULT;
import static jcuda.jcublas.cublasMath.CUBLAS_DEFAULT_MATH;
import static jcuda.jcublas.cublasMath.CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION;
import static jcuda.jcublas.cublasMath.CUBLAS_TF32_TENSOR_OP_MATH;
import static jcuda.jcublas.cublasOperation.CUBLAS_OP_N;
import static jcuda.jcublas.cublasOperation.CUBLAS_OP_T;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import jcuda.CudaException;
import jcuda.Pointer;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.runtime.cudaStream_t;
import org.jspecify.annotations.Nullable;
import org.score4j.kernels.Tensor;

/**
 * Matrix products by cuBLAS, always accumulated in single precision. cuBLAS counts by columns: a
 * row-major matrix is its transpose there, and C = A·B becomes Cᵀ = Bᵀ·Aᵀ.
 */
final class CudaGemm implements AutoCloseable {
  /** What NVIDIA recommends for Hopper; held for good, so that cuBLAS allocates in no step. */
  private static final long WORKSPACE_BYTES = 32 << 20;

  private final CudaDevice device;
  private final boolean tf32;
  private final FloatBuffer factors =
      ByteBuffer.allocateDirect(2 * Float.BYTES).order(ByteOrder.nativeOrder()).asFloatBuffer();
  private final Pointer alphaPointer = Pointer.to(factors);
  private final Pointer betaPointer = alphaPointer.withByteOffset(Float.BYTES);
  private @Nullable cublasHandle handle;

  /**
   * Products on a device.
   *
   * @param tf32 whether F32 products may round their inputs to TF32 (10 bits), which is some eight
   *     times as fast
   */
  CudaGemm(CudaDevice device, boolean tf32) {
    this.device = device;
    this.tf32 = tf32;
  }

  /** Whether F32 products round their inputs to TF32. */
  boolean tf32() {
    return tf32;
  }

  /**
   * {@code c = alpha · op(a) · op(b) + beta · c}, with tensors seen as matrices of {@code dim0}
   * rows.
   *
   * @param c (m, n), F32 or BF16
   * @param transA whether op(a) is aᵀ
   * @param a (m, k), or (k, m) when transposed; F32 or BF16
   * @param transB whether op(b) is bᵀ
   * @param b (k, n), or (n, k) when transposed; of a's type
   * @param alpha factor of the product
   * @param beta factor of what is there; 0 overwrites, NaN included
   */
  void multiply(
      Tensor c, boolean transA, Tensor a, boolean transB, Tensor b, float alpha, float beta) {
    int m = c.dim0();
    int n = columns(c);
    int k = transA ? a.dim0() : columns(a);
    if ((transA ? columns(a) : a.dim0()) != m
        || (transB ? columns(b) : b.dim0()) != k
        || (transB ? b.dim0() : columns(b)) != n) {
      throw new IllegalArgumentException(
          "gemm: c %s = a %s%s · b %s%s does not fit"
              .formatted(c.shape(), a.shape(), transA ? "ᵀ" : "", b.shape(), transB ? "ᵀ" : ""));
    }
    if (m == 0 || n == 0 || (k == 0 && beta == 1)) {
      return;
    }
    cublasHandle cublas = handle();
    factors.put(0, alpha).put(1, beta);
    try {
      JCublas2.cublasGemmEx_new(
          cublas,
          transB ? CUBLAS_OP_T : CUBLAS_OP_N,
          transA ? CUBLAS_OP_T : CUBLAS_OP_N,
          n,
          m,
          k,
          alphaPointer,
          CudaBuffer.pointer(b, 0),
          type(b),
          columns(b),
          CudaBuffer.pointer(a, 0),
          type(a),
          columns(a),
          betaPointer,
          CudaBuffer.pointer(c, 0),
          type(c),
          n,
          CUBLAS_COMPUTE_32F,
          CUBLAS_GEMM_DEFAULT);
    } catch (CudaException e) {
      throw CudaFailure.of(
          "matrix product (%d, %d) = (%d, %d) · (%d, %d) in %s"
              .formatted(m, n, m, k, k, n, a.dtype()),
          e);
    }
  }

  @Override
  public void close() {
    if (handle != null) {
      device.makeCurrent();
      JCublas2.cublasDestroy(handle);
      handle = null;
    }
  }

  private cublasHandle handle() {
    device.makeCurrent();
    cublasHandle existing = handle;
    if (existing != null) {
      return existing;
    }
    cublasHandle created = new cublasHandle();
    try {
      JCublas2.setExceptionsEnabled(true);
      JCublas2.cublasCreate(created);
      handle = created;
      JCublas2.cublasSetStream(created, new cudaStream_t(device.computeStream()));
      JCublas2.cublasSetWorkspace(
          created,
          device.newBuffer("workspace of cuBLAS", WORKSPACE_BYTES).pointer(),
          WORKSPACE_BYTES);
      // Partial sums of bfloat16 products must not be rounded to bfloat16 before they are added.
      JCublas2.cublasSetMathMode(
          created,
          (tf32 ? CUBLAS_TF32_TENSOR_OP_MATH : CUBLAS_DEFAULT_MATH)
              | CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION);
    } catch (CudaException e) {
      throw CudaFailure.of("opening cuBLAS", e);
    }
    return created;
  }

  private static int columns(Tensor tensor) {
    return Math.toIntExact(tensor.shape().rowElements());
  }

  private static int type(Tensor tensor) {
    return switch (tensor.dtype()) {
      case F32 -> CUDA_R_32F;
      case BF16 -> CUDA_R_16BF;
      case F64, I32 ->
          throw new IllegalArgumentException(
              "gemm: a tensor is %s, cuBLAS is used with F32 and BF16".formatted(tensor.dtype()));
    };
  }
}
