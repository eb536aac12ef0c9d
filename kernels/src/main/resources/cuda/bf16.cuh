// bfloat16 without the toolkit's header: the upper half of a single-precision number.
#pragma once

struct bf16 {
  unsigned short bits;
};

__device__ __forceinline__ float to_float(float x) { return x; }

__device__ __forceinline__ float to_float(bf16 x) { return __uint_as_float((unsigned)x.bits << 16); }

// Two bfloat16 side by side in a word, the first in the lower half, as they lie in memory.
__device__ __forceinline__ float low_half(unsigned pair) { return __uint_as_float(pair << 16); }

__device__ __forceinline__ float high_half(unsigned pair) { return __uint_as_float(pair & 0xFFFF0000u); }

// To nearest, ties to even; NaN stays NaN, too large becomes infinite.
__device__ __forceinline__ unsigned round_to_bf16(float x) {
#if defined(__CUDA_ARCH__)
  // One instruction instead of six: rounding would else hold up kernels that only copy.
  unsigned short half;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(half) : "f"(x));
  return half;
#else
  unsigned bits = __float_as_uint(x);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) {
    return (bits >> 16) | 0x40u;
  }
  return (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16;
#endif
}

__device__ __forceinline__ unsigned round_to_bf16_pair(float low, float high) {
#if defined(__CUDA_ARCH__)
  unsigned pair;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
#else
  return round_to_bf16(low) | (round_to_bf16(high) << 16);
#endif
}

__device__ __forceinline__ void from_float(float x, float& to) { to = x; }

__device__ __forceinline__ void from_float(float x, bf16& to) { to.bits = (unsigned short)round_to_bf16(x); }
