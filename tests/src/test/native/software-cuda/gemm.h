// Matrix products on the host, column-major as in BLAS, with float accumulation.
#pragma once
#include <cstddef>
#include <cstdint>

namespace swcuda {

enum class Element { kF32, kBf16 };

inline size_t bytesOf(Element e) { return e == Element::kF32 ? 4 : 2; }

// C(m, n) = alpha op(A)(m, k) op(B)(k, n) + beta C, count times with strides in elements.
struct Gemm {
  bool transposeA, transposeB;
  int64_t m, n, k;
  float alpha, beta;  // C is not read where beta is 0
  const void* a;
  Element typeA;
  int64_t lda, strideA;
  const void* b;
  Element typeB;
  int64_t ldb, strideB;
  void* c;
  Element typeC;
  int64_t ldc, strideC;
  int64_t count;
  bool tf32;  // inputs are rounded to 10 bits of mantissa first
};

void multiply(const Gemm& gemm);

}  // namespace swcuda
