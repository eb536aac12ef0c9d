// A packed matrix product: panels of op(A) and op(B) as floats, a micro kernel that keeps its tile of C in registers. Each element
// of C is one chain of fused multiply-adds over k in order, whatever the shape around it.
#include "gemm.h"

#include <cstring>
#include <vector>

namespace swcuda {
namespace {

typedef float Vector __attribute__((vector_size(32), aligned(4)));
constexpr int kRows = 6, kColumns = 16;  // of the tile; rows run along n, columns along m, which is contiguous in C

float fromBf16(uint16_t bits) {
  uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float value;
  memcpy(&value, &wide, 4);
  return value;
}

// To the nearest, ties to even; NaN stays NaN.
uint16_t toBf16(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>((bits >> 16) | 0x40);
  return static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1)) >> 16);
}

float toTf32(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  if ((bits & 0x7f800000u) == 0x7f800000u) return value;
  bits = (bits + 0x1000u) & ~0x1fffu;
  memcpy(&value, &bits, 4);
  return value;
}

float load(const void* p, Element type, int64_t i) {
  return type == Element::kF32 ? static_cast<const float*>(p)[i] : fromBf16(static_cast<const uint16_t*>(p)[i]);
}

// Panels of `width` outer indices: out[panel][inner][width], zero behind the end. Element (outer, inner) of the operand is at
// outer * outerStride + inner * innerStride.
void pack(std::vector<float>& out, const void* from, Element type, int64_t outer, int64_t inner, int64_t outerStride, int64_t innerStride,
          int width, bool tf32) {
  int64_t panels = (outer + width - 1) / width;
  out.resize(static_cast<size_t>(panels * inner * width));
  for (int64_t p = 0; p < panels; p++) {
    float* panel = out.data() + p * inner * width;
    int64_t valid = outer - p * width < width ? outer - p * width : width;
    if (valid < width) memset(panel, 0, static_cast<size_t>(inner * width) * sizeof(float));
    for (int64_t i = 0; i < inner; i++) {
      int64_t base = p * width * outerStride + i * innerStride;
      for (int64_t w = 0; w < valid; w++) panel[i * width + w] = load(from, type, base + w * outerStride);
    }
    if (tf32) {
      for (int64_t i = 0; i < inner * width; i++) panel[i] = toTf32(panel[i]);
    }
  }
}

inline __attribute__((always_inline)) void tileBody(float* out, const float* a, const float* b, int64_t k) {
  Vector sums[kRows][2] = {};
  for (int64_t i = 0; i < k; i++, a += kColumns, b += kRows) {
    Vector low, high;
    memcpy(&low, a, sizeof(low));
    memcpy(&high, a + 8, sizeof(high));
#pragma GCC unroll 6
    for (int r = 0; r < kRows; r++) {
      sums[r][0] += low * b[r];
      sums[r][1] += high * b[r];
    }
  }
  memcpy(out, sums, sizeof(sums));
}

typedef void (*Tile)(float* out, const float* a, const float* b, int64_t k);
void tilePlain(float* out, const float* a, const float* b, int64_t k) { tileBody(out, a, b, k); }

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) void tileAvx2(float* out, const float* a, const float* b, int64_t k) { tileBody(out, a, b, k); }

Tile bestTile() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? tileAvx2 : tilePlain;
}
#else
Tile bestTile() { return tilePlain; }
#endif

void store(const Gemm& g, void* c, const float* sums, int64_t m0, int64_t n0) {
  for (int64_t r = 0; r < kRows && n0 + r < g.n; r++) {
    for (int64_t j = 0; j < kColumns && m0 + j < g.m; j++) {
      int64_t at = (n0 + r) * g.ldc + m0 + j;
      float value = g.alpha * sums[r * kColumns + j];
      if (g.beta != 0) value += g.beta * load(c, g.typeC, at);
      if (g.typeC == Element::kF32) {
        static_cast<float*>(c)[at] = value;
      } else {
        static_cast<uint16_t*>(c)[at] = toBf16(value);
      }
    }
  }
}

}  // namespace

void multiply(const Gemm& g) {
  static const Tile tile = bestTile();
  thread_local std::vector<float> packedA, packedB;
  for (int64_t batch = 0; batch < g.count; batch++) {
    const char* a = static_cast<const char*>(g.a) + batch * g.strideA * static_cast<int64_t>(bytesOf(g.typeA));
    const char* b = static_cast<const char*>(g.b) + batch * g.strideB * static_cast<int64_t>(bytesOf(g.typeB));
    char* c = static_cast<char*>(g.c) + batch * g.strideC * static_cast<int64_t>(bytesOf(g.typeC));
    pack(packedA, a, g.typeA, g.m, g.k, g.transposeA ? g.lda : 1, g.transposeA ? 1 : g.lda, kColumns, g.tf32);
    pack(packedB, b, g.typeB, g.n, g.k, g.transposeB ? 1 : g.ldb, g.transposeB ? g.ldb : 1, kRows, g.tf32);
    float sums[kRows * kColumns];
    for (int64_t n0 = 0; n0 < g.n; n0 += kRows) {
      for (int64_t m0 = 0; m0 < g.m; m0 += kColumns) {
        tile(sums, packedA.data() + m0 * g.k, packedB.data() + n0 * g.k, g.k);
        store(g, c, sums, m0, n0);
      }
    }
  }
}

}  // namespace swcuda
