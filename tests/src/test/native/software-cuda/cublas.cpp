// libcublas.so.12: the functions that the cuda backend uses. Work goes onto the handle's stream like a kernel.
#include <cstring>

#include "gemm.h"

using namespace swcuda;

extern "C" int swcuda_submit(void* stream, const char* what, int (*run)(const void*), const void* arguments, size_t bytes);
extern "C" int swcuda_check(const void* address, size_t bytes, const char* what);

namespace {

enum : int { kSuccess = 0, kNotInitialized = 1, kInvalidValue = 7, kExecutionFailed = 13, kNotSupported = 15 };
enum : int { kF32 = 0, kBf16 = 14 };                                         // cudaDataType
enum : int { kCompute32F = 68, kCompute32FPedantic = 69, kComputeTf32 = 77 };  // cublasComputeType_t
constexpr int kTf32MathMode = 3;
constexpr int kMathModeBits = 15;  // what lies above are flags

struct Handle {
  void* stream;
  int mathMode, pointerMode, atomicsMode;
};

bool element(int type, Element& e) {
  e = type == kF32 ? Element::kF32 : Element::kBf16;
  return type == kF32 || type == kBf16;
}

size_t span(int64_t rows, int64_t columns, int64_t ld, int64_t stride, int64_t count, Element type) {
  if (rows == 0 || columns == 0 || count == 0) return 0;
  return static_cast<size_t>((count - 1) * stride + (columns - 1) * ld + rows) * bytesOf(type);
}

int runGemm(const void* arguments) {
  Gemm g;
  memcpy(&g, arguments, sizeof(g));
  int64_t rowsA = g.transposeA ? g.k : g.m, columnsA = g.transposeA ? g.m : g.k;
  int64_t rowsB = g.transposeB ? g.n : g.k, columnsB = g.transposeB ? g.k : g.n;
  int result = swcuda_check(g.a, span(rowsA, columnsA, g.lda, g.strideA, g.count, g.typeA), "gemm: A");
  if (result == 0) result = swcuda_check(g.b, span(rowsB, columnsB, g.ldb, g.strideB, g.count, g.typeB), "gemm: B");
  if (result == 0) result = swcuda_check(g.c, span(g.m, g.n, g.ldc, g.strideC, g.count, g.typeC), "gemm: C");
  if (result == 0) multiply(g);
  return result;
}

int gemm(Handle* handle, int transA, int transB, int64_t m, int64_t n, int64_t k, const void* alpha, const void* a, int typeA, int64_t lda,
         int64_t strideA, const void* b, int typeB, int64_t ldb, int64_t strideB, const void* beta, void* c, int typeC, int64_t ldc,
         int64_t strideC, int64_t count, int compute) {
  if (handle == nullptr) return kNotInitialized;
  if (handle->pointerMode != 0) return kNotSupported;
  if (compute != kCompute32F && compute != kCompute32FPedantic && compute != kComputeTf32) return kNotSupported;
  Gemm g = {};
  if (!element(typeA, g.typeA) || !element(typeB, g.typeB) || !element(typeC, g.typeC) || typeA != typeB) return kNotSupported;
  if (typeA == kF32 && typeC != kF32) return kNotSupported;
  g.transposeA = transA != 0;
  g.transposeB = transB != 0;
  int64_t rowsA = g.transposeA ? k : m, rowsB = g.transposeB ? n : k;
  if (m < 0 || n < 0 || k < 0 || count < 0 || lda < (rowsA > 1 ? rowsA : 1) || ldb < (rowsB > 1 ? rowsB : 1) || ldc < (m > 1 ? m : 1) ||
      transA < 0 || transA > 2 || transB < 0 || transB > 2 || alpha == nullptr || beta == nullptr) {
    return kInvalidValue;
  }
  g.m = m, g.n = n, g.k = k;
  g.alpha = *static_cast<const float*>(alpha);
  g.beta = *static_cast<const float*>(beta);
  g.a = a, g.lda = lda, g.strideA = strideA;
  g.b = b, g.ldb = ldb, g.strideB = strideB;
  g.c = c, g.ldc = ldc, g.strideC = strideC;
  g.count = count;
  g.tf32 = typeA == kF32 && compute != kCompute32FPedantic && (compute == kComputeTf32 || (handle->mathMode & kMathModeBits) == kTf32MathMode);
  if (m == 0 || n == 0 || count == 0) return kSuccess;
  return swcuda_submit(handle->stream, "gemm", runGemm, &g, sizeof(g)) == 0 ? kSuccess : kExecutionFailed;
}

}  // namespace

#define CUBLAS_API extern "C" __attribute__((visibility("default"))) int

CUBLAS_API cublasCreate_v2(Handle** handle) { return *handle = new Handle(), kSuccess; }

CUBLAS_API cublasDestroy_v2(Handle* handle) {
  delete handle;
  return kSuccess;
}

CUBLAS_API cublasGetVersion_v2(Handle*, int* version) { return *version = 120601, kSuccess; }

CUBLAS_API cublasGetProperty(int property, int* value) {
  const int version[] = {12, 6, 1};
  if (property < 0 || property > 2) return kInvalidValue;
  *value = version[property];
  return kSuccess;
}

extern "C" __attribute__((visibility("default"))) size_t cublasGetCudartVersion() { return 12060; }
CUBLAS_API cublasSetStream_v2(Handle* handle, void* stream) { return handle->stream = stream, kSuccess; }
CUBLAS_API cublasGetStream_v2(Handle* handle, void** stream) { return *stream = handle->stream, kSuccess; }
CUBLAS_API cublasSetMathMode(Handle* handle, int mode) { return handle->mathMode = mode, kSuccess; }
CUBLAS_API cublasGetMathMode(Handle* handle, int* mode) { return *mode = handle->mathMode, kSuccess; }
CUBLAS_API cublasSetAtomicsMode(Handle* handle, int mode) { return handle->atomicsMode = mode, kSuccess; }
CUBLAS_API cublasSetPointerMode_v2(Handle* handle, int mode) { return handle->pointerMode = mode, kSuccess; }
CUBLAS_API cublasGetPointerMode_v2(Handle* handle, int* mode) { return *mode = handle->pointerMode, kSuccess; }

// The product needs none; the range is checked, as the real library would write to it.
CUBLAS_API cublasSetWorkspace_v2(Handle* handle, void* workspace, size_t bytes) {
  if (handle == nullptr) return kNotInitialized;
  return swcuda_check(workspace, bytes, "cublasSetWorkspace") == 0 ? kSuccess : kInvalidValue;
}

extern "C" __attribute__((visibility("default"))) const char* cublasGetStatusName(int status) {
  switch (status) {
    case kSuccess: return "CUBLAS_STATUS_SUCCESS";
    case kNotInitialized: return "CUBLAS_STATUS_NOT_INITIALIZED";
    case kInvalidValue: return "CUBLAS_STATUS_INVALID_VALUE";
    case kExecutionFailed: return "CUBLAS_STATUS_EXECUTION_FAILED";
    case kNotSupported: return "CUBLAS_STATUS_NOT_SUPPORTED";
    default: return "CUBLAS_STATUS_INTERNAL_ERROR";
  }
}

extern "C" __attribute__((visibility("default"))) const char* cublasGetStatusString(int status) { return cublasGetStatusName(status); }

CUBLAS_API cublasGemmEx(Handle* handle, int transA, int transB, int m, int n, int k, const void* alpha, const void* a, int typeA, int lda,
                        const void* b, int typeB, int ldb, const void* beta, void* c, int typeC, int ldc, int compute, int) {
  return gemm(handle, transA, transB, m, n, k, alpha, a, typeA, lda, 0, b, typeB, ldb, 0, beta, c, typeC, ldc, 0, 1, compute);
}

CUBLAS_API cublasGemmStridedBatchedEx(Handle* handle, int transA, int transB, int m, int n, int k, const void* alpha, const void* a, int typeA,
                                      int lda, long long strideA, const void* b, int typeB, int ldb, long long strideB, const void* beta, void* c,
                                      int typeC, int ldc, long long strideC, int count, int compute, int) {
  return gemm(handle, transA, transB, m, n, k, alpha, a, typeA, lda, strideA, b, typeB, ldb, strideB, beta, c, typeC, ldc, strideC, count, compute);
}

CUBLAS_API cublasSgemm_v2(Handle* handle, int transA, int transB, int m, int n, int k, const float* alpha, const float* a, int lda, const float* b,
                          int ldb, const float* beta, float* c, int ldc) {
  return gemm(handle, transA, transB, m, n, k, alpha, a, kF32, lda, 0, b, kF32, ldb, 0, beta, c, kF32, ldc, 0, 1, kCompute32F);
}

CUBLAS_API cublasSgemmStridedBatched(Handle* handle, int transA, int transB, int m, int n, int k, const float* alpha, const float* a, int lda,
                                     long long strideA, const float* b, int ldb, long long strideB, const float* beta, float* c, int ldc,
                                     long long strideC, int count) {
  return gemm(handle, transA, transB, m, n, k, alpha, a, kF32, lda, strideA, b, kF32, ldb, strideB, beta, c, kF32, ldc, strideC, count, kCompute32F);
}
