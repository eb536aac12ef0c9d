// Element by element. The types are in the names: state is F32 also where weights are BF16, so one module serves both.
// Tensors of the model start at multiples of 256 bytes; others take the path of single elements.
#include "common.cuh"

// Elements per thread and step: 16 or 32 bytes.
#define STEP 8

#define FOR_VECTORS(i, vectors)                                                              \
  long long thread = (long long)blockIdx.x * blockDim.x + threadIdx.x;                       \
  long long threads = (long long)gridDim.x * blockDim.x;                                     \
  for (long long i = thread * STEP; i < (vectors); i += threads * STEP)

#define FOR_REST(i, vectors, n) for (long long i = (vectors) + thread; i < (n); i += threads)

template <class T>
__device__ void fill(T* x, float value, long long n) {
  float values[STEP];
#pragma unroll
  for (int k = 0; k < STEP; k++) {
    values[k] = value;
  }
  long long vectors = aligned16(x) ? n / STEP * STEP : 0;
  FOR_VECTORS(i, vectors) { store(x + i, values); }
  FOR_REST(i, vectors, n) { store_one(x + i, value); }
}

template <class T>
__device__ void add(T* out, const T* a, const T* b, long long n) {
  long long vectors = aligned16(out, a, b) ? n / STEP * STEP : 0;
  FOR_VECTORS(i, vectors) {
    float u[STEP];
    float v[STEP];
    load(a + i, u);
    load(b + i, v);
#pragma unroll
    for (int k = 0; k < STEP; k++) {
      u[k] += v[k];
    }
    store(out + i, u);
  }
  FOR_REST(i, vectors, n) { store_one(out + i, load_one(a + i) + load_one(b + i)); }
}

template <class Out, class In>
__device__ void scale(Out* out, const In* x, float factor, long long n) {
  long long vectors = aligned16(out, x) ? n / STEP * STEP : 0;
  FOR_VECTORS(i, vectors) {
    float u[STEP];
    load(x + i, u);
#pragma unroll
    for (int k = 0; k < STEP; k++) {
      u[k] *= factor;
    }
    store(out + i, u);
  }
  FOR_REST(i, vectors, n) { store_one(out + i, factor * load_one(x + i)); }
}

template <class T>
__device__ void soft_cap(T* out, const T* x, float cap, long long n) {
  long long thread = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  long long threads = (long long)gridDim.x * blockDim.x;
  FOR_REST(i, 0, n) { store_one(out + i, cap * tanhf(load_one(x + i) / cap)); }
}

// Copies bits; a product with 1 would quieten NaNs.
template <class T>
__device__ void copy(T* out, const T* x, long long n) {
  const int per = 16 / sizeof(T);
  long long vectors = aligned16(out, x) ? n / per : 0;
  long long thread = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  long long threads = (long long)gridDim.x * blockDim.x;
  for (long long i = thread; i < vectors; i += threads) {
    ((uint4*)out)[i] = ((const uint4*)x)[i];
  }
  FOR_REST(i, vectors * per, n) { out[i] = x[i]; }
}

// Double to bfloat16 in one rounding: the float between keeps in its last bit that something was cut off.
__device__ __forceinline__ float cut_to_odd(double x) {
  float near = (float)x;
  double error = x - (double)near;
  unsigned bits = __float_as_uint(near);
  if (error != 0.0 && isfinite(near)) {
    bool outward = (error > 0.0) == (x > 0.0);
    bits = (outward ? bits : bits - 1u) | 1u;
  }
  return __uint_as_float(bits);
}

__device__ __forceinline__ void convert(double* out, float x) { *out = (double)x; }
__device__ __forceinline__ void convert(double* out, bf16 x) { *out = (double)to_float(x); }
__device__ __forceinline__ void convert(float* out, double x) { *out = (float)x; }
__device__ __forceinline__ void convert(bf16* out, double x) { from_float(cut_to_odd(x), *out); }

// To and from double: for tests, which alone have it, one by one.
template <class Out, class In>
__device__ void convert_all(Out* out, const In* x, long long n) {
  long long thread = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  long long threads = (long long)gridDim.x * blockDim.x;
  for (long long i = thread; i < n; i += threads) {
    convert(out + i, x[i]);
  }
}

#define ELEMENTWISE(T, name)                                                                                      \
  extern "C" __global__ void fill_##name(T* x, float value, long long n) { fill(x, value, n); }                   \
  extern "C" __global__ void add_##name(T* out, const T* a, const T* b, long long n) { add(out, a, b, n); }       \
  extern "C" __global__ void scale_##name(T* out, const T* x, float factor, long long n) { scale(out, x, factor, n); } \
  extern "C" __global__ void soft_cap_##name(T* out, const T* x, float cap, long long n) { soft_cap(out, x, cap, n); }

ELEMENTWISE(float, f32)
ELEMENTWISE(bf16, bf16)

extern "C" __global__ void cast_f32_f32(float* out, const float* x, long long n) { copy(out, x, n); }

extern "C" __global__ void cast_bf16_bf16(bf16* out, const bf16* x, long long n) { copy(out, x, n); }

extern "C" __global__ void cast_f64_f64(double* out, const double* x, long long n) { copy(out, x, n); }

// From the first type to the second.
extern "C" __global__ void cast_f32_bf16(bf16* out, const float* x, long long n) { scale(out, x, 1.0f, n); }

extern "C" __global__ void cast_bf16_f32(float* out, const bf16* x, long long n) { scale(out, x, 1.0f, n); }

extern "C" __global__ void cast_f32_f64(double* out, const float* x, long long n) { convert_all(out, x, n); }

extern "C" __global__ void cast_bf16_f64(double* out, const bf16* x, long long n) { convert_all(out, x, n); }

extern "C" __global__ void cast_f64_f32(float* out, const double* x, long long n) { convert_all(out, x, n); }

extern "C" __global__ void cast_f64_bf16(bf16* out, const double* x, long long n) { convert_all(out, x, n); }
