// The CUDA built-ins for kernels compiled by g++. Included before the kernels' source; includes no system header, so that a name
// that NVRTC does not know is not known here either. __shared__, __global__ and __launch_bounds__ are dealt with by rewrite.cpp.
#pragma once
#include "kernel_abi.h"

#define __CUDACC__ 1
#define __CUDACC_RTC__ 1
#define __device__
#define __host__
#define __constant__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __align__(bytes) alignas(bytes)
#define threadIdx (swcuda_thread->thread)
#define blockIdx (swcuda_block.block)
#define blockDim (swcuda_block.blockDim)
#define gridDim (swcuda_block.gridDim)
#define warpSize 32

typedef decltype(sizeof(0)) size_t;
typedef decltype((char*)0 - (char*)0) ptrdiff_t;
typedef long clock_t;

#define SWCUDA_VECTOR(T, name, alignment2, alignment4)                                                 \
  struct name##1 { T x; };                                                                             \
  struct alignas(alignment2) name##2 { T x, y; };                                                      \
  struct name##3 { T x, y, z; };                                                                       \
  struct alignas(alignment4) name##4 { T x, y, z, w; };                                                \
  inline name##1 make_##name##1(T x) { return {x}; }                                                   \
  inline name##2 make_##name##2(T x, T y) { return {x, y}; }                                           \
  inline name##3 make_##name##3(T x, T y, T z) { return {x, y, z}; }                                   \
  inline name##4 make_##name##4(T x, T y, T z, T w) { return {x, y, z, w}; }
SWCUDA_VECTOR(char, char, 2, 4)
SWCUDA_VECTOR(unsigned char, uchar, 2, 4)
SWCUDA_VECTOR(short, short, 4, 8)
SWCUDA_VECTOR(unsigned short, ushort, 4, 8)
SWCUDA_VECTOR(int, int, 8, 16)
SWCUDA_VECTOR(unsigned, uint, 8, 16)
SWCUDA_VECTOR(long long, longlong, 16, 16)
SWCUDA_VECTOR(unsigned long long, ulonglong, 16, 16)
SWCUDA_VECTOR(float, float, 8, 16)
SWCUDA_VECTOR(double, double, 16, 16)
#undef SWCUDA_VECTOR
struct dim3 {
  unsigned x = 1, y = 1, z = 1;
};

// ---- Bits ----
template <class To, class From>
inline __attribute__((always_inline)) To swcuda_bits(From from) {
  static_assert(sizeof(To) == sizeof(From), "bit casts keep the size");
  To to;
  __builtin_memcpy(&to, &from, sizeof(To));
  return to;
}
inline unsigned __float_as_uint(float x) { return swcuda_bits<unsigned>(x); }
inline int __float_as_int(float x) { return swcuda_bits<int>(x); }
inline float __uint_as_float(unsigned x) { return swcuda_bits<float>(x); }
inline float __int_as_float(int x) { return swcuda_bits<float>(x); }
inline long long __double_as_longlong(double x) { return swcuda_bits<long long>(x); }
inline double __longlong_as_double(long long x) { return swcuda_bits<double>(x); }
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __ffsll(long long x) { return __builtin_ffsll(x); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(static_cast<unsigned>(x)); }
inline int __clzll(long long x) { return x == 0 ? 64 : __builtin_clzll(static_cast<unsigned long long>(x)); }
inline unsigned __umulhi(unsigned a, unsigned b) {
  return static_cast<unsigned>((static_cast<unsigned long long>(a) * b) >> 32);
}
inline int __mulhi(int a, int b) { return static_cast<int>((static_cast<long long>(a) * b) >> 32); }
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  return static_cast<unsigned long long>((static_cast<unsigned __int128>(a) * b) >> 64);
}
inline unsigned __brev(unsigned x) {
  unsigned y = 0;
  for (int i = 0; i < 32; i++) y |= ((x >> i) & 1u) << (31 - i);
  return y;
}
template <class T>
inline T __ldg(const T* p) {
  return *p;
}

// ---- Maths ----
extern "C" {
float expf(float) noexcept(true);
float exp2f(float) noexcept(true);
float expm1f(float) noexcept(true);
float logf(float) noexcept(true);
float log2f(float) noexcept(true);
float log10f(float) noexcept(true);
float log1pf(float) noexcept(true);
float sqrtf(float) noexcept(true);
float fabsf(float) noexcept(true);
float fmaxf(float, float) noexcept(true);
float fminf(float, float) noexcept(true);
float fmaf(float, float, float) noexcept(true);
float fmodf(float, float) noexcept(true);
float floorf(float) noexcept(true);
float ceilf(float) noexcept(true);
float rintf(float) noexcept(true);
float roundf(float) noexcept(true);
float truncf(float) noexcept(true);
float tanhf(float) noexcept(true);
float sinf(float) noexcept(true);
float cosf(float) noexcept(true);
float erff(float) noexcept(true);
float powf(float, float) noexcept(true);
float copysignf(float, float) noexcept(true);
float ldexpf(float, int) noexcept(true);
double exp(double) noexcept(true);
double log(double) noexcept(true);
double sqrt(double) noexcept(true);
double fabs(double) noexcept(true);
double fma(double, double, double) noexcept(true);
double floor(double) noexcept(true);
double pow(double, double) noexcept(true);
int printf(const char*, ...);
}
// Inline where the C library is slow: its expf sets errno where the result is 0, which masked attention scores always are.
inline float swcuda_expf(float x) { return x < -104.0f ? 0.0f : expf(x); }
inline float swcuda_fmaxf(float a, float b) { return a != a ? b : b > a ? b : a; }
inline float swcuda_fminf(float a, float b) { return a != a ? b : b < a ? b : a; }
#define expf swcuda_expf
#define fmaxf swcuda_fmaxf
#define fminf swcuda_fminf
inline float rsqrtf(float x) { return 1.0f / __builtin_sqrtf(x); }
inline void sincosf(float x, float* s, float* c) {
  *s = sinf(x);
  *c = cosf(x);
}
inline float __expf(float x) { return expf(x); }
inline float __logf(float x) { return logf(x); }
inline float __log2f(float x) { return log2f(x); }
inline float __fdividef(float a, float b) { return a / b; }
inline float __frcp_rn(float x) { return 1.0f / x; }
inline float __fmul_rn(float a, float b) {
  volatile float product = a * b;  // volatile: never contracted to a fused multiply-add
  return product;
}
inline float __fadd_rn(float a, float b) {
  volatile float sum = a + b;
  return sum;
}
inline float __fmaf_rn(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
inline int __float2int_rn(float x) { return static_cast<int>(__builtin_rintf(x)); }
inline bool isfinite(float x) { return __builtin_isfinite(x); }
inline bool isnan(float x) { return __builtin_isnan(x); }
inline bool isinf(float x) { return __builtin_isinf(x); }
inline int abs(int x) { return x < 0 ? -x : x; }

#define SWCUDA_MIN_MAX(T)                              \
  inline T min(T a, T b) { return b < a ? b : a; }     \
  inline T max(T a, T b) { return a < b ? b : a; }
SWCUDA_MIN_MAX(int)
SWCUDA_MIN_MAX(unsigned)
SWCUDA_MIN_MAX(long)
SWCUDA_MIN_MAX(unsigned long)
SWCUDA_MIN_MAX(long long)
SWCUDA_MIN_MAX(unsigned long long)
#undef SWCUDA_MIN_MAX
inline unsigned min(int a, unsigned b) { return min(static_cast<unsigned>(a), b); }
inline unsigned min(unsigned a, int b) { return min(a, static_cast<unsigned>(b)); }
inline unsigned max(int a, unsigned b) { return max(static_cast<unsigned>(a), b); }
inline unsigned max(unsigned a, int b) { return max(a, static_cast<unsigned>(b)); }
inline float min(float a, float b) { return fminf(a, b); }
inline float max(float a, float b) { return fmaxf(a, b); }
inline double min(double a, double b) { return __builtin_fmin(a, b); }
inline double max(double a, double b) { return __builtin_fmax(a, b); }

// ---- Barriers and warp collectives ----
inline void __syncthreads() { swcuda_syncthreads(); }
inline void __syncwarp(unsigned mask = 0xffffffffu) { swcuda_vote(mask, swcuda::kSyncWarp, 0); }
inline void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
inline void __threadfence_block() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
[[noreturn]] inline void __trap() { swcuda_trap("__trap()"); }

template <class T>
inline unsigned long long swcuda_pack(T value) {
  static_assert(sizeof(T) <= 8, "a shuffle moves at most 8 bytes");
  unsigned long long packed = 0;
  __builtin_memcpy(&packed, &value, sizeof(T));
  return packed;
}
template <class T>
inline T swcuda_unpack(unsigned long long packed) {
  T value;
  __builtin_memcpy(&value, &packed, sizeof(T));
  return value;
}
template <class T>
inline T __shfl_sync(unsigned mask, T value, int source, int width = 32) {
  const unsigned long long* values = swcuda_exchange(mask, swcuda::kShuffle, swcuda_pack(value));
  unsigned lane = swcuda_thread->lane;
  return swcuda_unpack<T>(values[(lane & ~(width - 1u)) | (static_cast<unsigned>(source) & (width - 1u))]);
}
template <class T>
inline T __shfl_xor_sync(unsigned mask, T value, int laneMask, int width = 32) {
  const unsigned long long* values = swcuda_exchange(mask, swcuda::kShuffleXor, swcuda_pack(value));
  unsigned lane = swcuda_thread->lane;
  unsigned source = (lane ^ static_cast<unsigned>(laneMask)) & 31u;
  // A partner in a later group of width lanes: the lane keeps its own value, as the hardware does.
  return swcuda_unpack<T>(values[source > (lane | (width - 1u)) ? lane : source]);
}
template <class T>
inline T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  const unsigned long long* values = swcuda_exchange(mask, swcuda::kShuffleUp, swcuda_pack(value));
  unsigned lane = swcuda_thread->lane, inGroup = lane & (width - 1u);
  return swcuda_unpack<T>(values[inGroup < delta ? lane : lane - delta]);
}
template <class T>
inline T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  const unsigned long long* values = swcuda_exchange(mask, swcuda::kShuffleDown, swcuda_pack(value));
  unsigned lane = swcuda_thread->lane, inGroup = lane & (width - 1u);
  return swcuda_unpack<T>(values[inGroup + delta >= static_cast<unsigned>(width) ? lane : lane + delta]);
}
inline unsigned __ballot_sync(unsigned mask, int predicate) {
  return swcuda_vote(mask, swcuda::kBallot, predicate != 0);
}
inline int __any_sync(unsigned mask, int predicate) { return swcuda_vote(mask, swcuda::kAny, predicate != 0) != 0; }
inline int __all_sync(unsigned mask, int predicate) { return swcuda_vote(mask, swcuda::kAll, predicate == 0) == 0; }

// ---- Atomics ----
#define SWCUDA_ATOMICS(T)                                                                                       \
  inline T atomicAdd(T* p, T v) { return __atomic_fetch_add(p, v, __ATOMIC_RELAXED); }                          \
  inline T atomicExch(T* p, T v) { return __atomic_exchange_n(p, v, __ATOMIC_RELAXED); }                        \
  inline T atomicOr(T* p, T v) { return __atomic_fetch_or(p, v, __ATOMIC_RELAXED); }                            \
  inline T atomicAnd(T* p, T v) { return __atomic_fetch_and(p, v, __ATOMIC_RELAXED); }                          \
  inline T atomicCAS(T* p, T expected, T v) {                                                                   \
    __atomic_compare_exchange_n(p, &expected, v, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);                    \
    return expected;                                                                                            \
  }                                                                                                             \
  inline T atomicMax(T* p, T v) {                                                                               \
    T old = __atomic_load_n(p, __ATOMIC_RELAXED);                                                               \
    while (old < v && !__atomic_compare_exchange_n(p, &old, v, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {    \
    }                                                                                                           \
    return old;                                                                                                 \
  }                                                                                                             \
  inline T atomicMin(T* p, T v) {                                                                               \
    T old = __atomic_load_n(p, __ATOMIC_RELAXED);                                                               \
    while (v < old && !__atomic_compare_exchange_n(p, &old, v, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {    \
    }                                                                                                           \
    return old;                                                                                                 \
  }
SWCUDA_ATOMICS(int)
SWCUDA_ATOMICS(unsigned)
SWCUDA_ATOMICS(unsigned long long)
#undef SWCUDA_ATOMICS
inline int atomicSub(int* p, int v) { return __atomic_fetch_sub(p, v, __ATOMIC_RELAXED); }
inline float atomicAdd(float* p, float v) {
  unsigned* bits = reinterpret_cast<unsigned*>(p);
  unsigned old = __atomic_load_n(bits, __ATOMIC_RELAXED);
  while (!__atomic_compare_exchange_n(bits, &old, __float_as_uint(__uint_as_float(old) + v), false, __ATOMIC_RELAXED,
                                      __ATOMIC_RELAXED)) {
  }
  return __uint_as_float(old);
}
inline float atomicExch(float* p, float v) {
  return __uint_as_float(__atomic_exchange_n(reinterpret_cast<unsigned*>(p), __float_as_uint(v), __ATOMIC_RELAXED));
}

// ---- How a kernel is called ----
namespace swcuda {
template <class T>
struct Plain {
  typedef T type;
};
template <class T>
struct Plain<const T> {
  typedef T type;
};
template <class T>
constexpr bool isPointer = false;
template <class T>
constexpr bool isPointer<T*> = true;
template <int... I>
struct Sequence {};
template <int N, int... I>
struct MakeSequence : MakeSequence<N - 1, N - 1, I...> {};
template <int... I>
struct MakeSequence<0, I...> {
  typedef Sequence<I...> type;
};
template <class... P>
struct Signature {
  static constexpr unsigned count = sizeof...(P);
  static constexpr Parameter parameters[count + 1] = {{sizeof(P), isPointer<typename Plain<P>::type>}..., {0, false}};
  template <int... I>
  static inline __attribute__((always_inline)) void call(void (*kernel)(P...), void** arguments, Sequence<I...>) {
    kernel(*static_cast<typename Plain<P>::type*>(arguments[I])...);
  }
  typedef typename MakeSequence<sizeof...(P)>::type Indices;
};
template <class... P>
Signature<P...> signatureOf(void (*)(P...));
}  // namespace swcuda
