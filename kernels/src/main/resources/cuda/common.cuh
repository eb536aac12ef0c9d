// What all families share: the type of weights and activations, 16-byte access, reductions over warps and blocks.
#pragma once
#include "bf16.cuh"

#ifdef SCORE4J_BF16
typedef bf16 real;
#else
typedef float real;
#endif

// Elements of `real` in one 16-byte access.
#define VEC ((int)(16 / sizeof(real)))
#define WARP 32
#define FULL_MASK 0xFFFFFFFFu

// Whether 16-byte access is possible at all of these addresses; null counts as aligned.
__device__ __forceinline__ bool aligned16(const void* a, const void* b = 0, const void* c = 0, const void* d = 0,
                                          const void* e = 0) {
  return (((unsigned long long)a | (unsigned long long)b | (unsigned long long)c | (unsigned long long)d |
           (unsigned long long)e) &
          15ull) == 0;
}

// N consecutive elements to floats. `from` is 16-byte aligned and N a multiple of the elements in 16 bytes.
template <int N>
__device__ __forceinline__ void load(const float* from, float (&to)[N]) {
#pragma unroll
  for (int i = 0; i < N; i += 4) {
    float4 v = *(const float4*)(from + i);
    to[i] = v.x;
    to[i + 1] = v.y;
    to[i + 2] = v.z;
    to[i + 3] = v.w;
  }
}

template <int N>
__device__ __forceinline__ void load(const bf16* from, float (&to)[N]) {
#pragma unroll
  for (int i = 0; i < N; i += 8) {
    uint4 v = *(const uint4*)(from + i);
    to[i] = low_half(v.x);
    to[i + 1] = high_half(v.x);
    to[i + 2] = low_half(v.y);
    to[i + 3] = high_half(v.y);
    to[i + 4] = low_half(v.z);
    to[i + 5] = high_half(v.z);
    to[i + 6] = low_half(v.w);
    to[i + 7] = high_half(v.w);
  }
}

template <int N>
__device__ __forceinline__ void store(float* to, const float (&from)[N]) {
#pragma unroll
  for (int i = 0; i < N; i += 4) {
    *(float4*)(to + i) = make_float4(from[i], from[i + 1], from[i + 2], from[i + 3]);
  }
}

template <int N>
__device__ __forceinline__ void store(bf16* to, const float (&from)[N]) {
#pragma unroll
  for (int i = 0; i < N; i += 8) {
    *(uint4*)(to + i) =
        make_uint4(round_to_bf16_pair(from[i], from[i + 1]), round_to_bf16_pair(from[i + 2], from[i + 3]),
                   round_to_bf16_pair(from[i + 4], from[i + 5]), round_to_bf16_pair(from[i + 6], from[i + 7]));
  }
}

// The number that is kept when x is stored as real.
__device__ __forceinline__ float as_stored(float x) {
  real kept;
  from_float(x, kept);
  return to_float(kept);
}

// One element, at any address.
__device__ __forceinline__ float load_one(const float* from) { return *from; }

__device__ __forceinline__ float load_one(const bf16* from) { return to_float(*from); }

__device__ __forceinline__ void store_one(float* to, float x) { *to = x; }

__device__ __forceinline__ void store_one(bf16* to, float x) { from_float(x, *to); }

// Sum over the 32 lanes of a warp, in every lane, added in one order.
__device__ __forceinline__ float warp_sum(float x) {
#pragma unroll
  for (int offset = WARP / 2; offset > 0; offset >>= 1) {
    x += __shfl_xor_sync(FULL_MASK, x, offset);
  }
  return x;
}

__device__ __forceinline__ float warp_max(float x) {
#pragma unroll
  for (int offset = WARP / 2; offset > 0; offset >>= 1) {
    x = fmaxf(x, __shfl_xor_sync(FULL_MASK, x, offset));
  }
  return x;
}

// Sum over a one-dimensional block of whole warps, in every thread. `shared` holds 32 floats; it may be used again at once.
__device__ __forceinline__ float block_sum(float x, float* shared) {
  int lane = (int)threadIdx.x % WARP;
  int warp = (int)threadIdx.x / WARP;
  int warps = (int)blockDim.x / WARP;
  x = warp_sum(x);
  if (warps == 1) {
    return x;
  }
  if (lane == 0) {
    shared[warp] = x;
  }
  __syncthreads();
  x = warp_sum(lane < warps ? shared[lane] : 0.0f);
  __syncthreads();
  return x;
}

// Maximum over a one-dimensional block of whole warps; as block_sum.
__device__ __forceinline__ float block_max(float x, float* shared) {
  int lane = (int)threadIdx.x % WARP;
  int warp = (int)threadIdx.x / WARP;
  int warps = (int)blockDim.x / WARP;
  x = warp_max(x);
  if (warps == 1) {
    return x;
  }
  if (lane == 0) {
    shared[warp] = x;
  }
  __syncthreads();
  x = warp_max(shared[lane < warps ? lane : 0]);
  __syncthreads();
  return x;
}
