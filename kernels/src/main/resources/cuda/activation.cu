// GEGLU with the tanh form of GELU, and SwiGLU: out = silu(gate) * up with silu(z) = z * s, s = 1 / (1 + e^-z); its slope is s * (1 + z * (1 - s)).
#include "common.cuh"

__device__ __forceinline__ float sigmoid(float z) { return 1.0f / (1.0f + expf(-z)); }

// With u = sqrt(2/pi) (z + 0.044715 z^3): 2u = z (GELU_LINEAR + GELU_CUBE z^2), gelu(z) = z / (1 + e^-2u).
#define GELU_LINEAR 1.5957691216057308f
#define GELU_CUBE 0.07135481627159366f

__device__ __forceinline__ float gelu(float z) {
  return z / (1.0f + expf(-z * fmaf(GELU_CUBE * z, z, GELU_LINEAR)));
}

// With e = e^-2u and s = 1 / (1 + e): s + z s (e s) 2u'. Beyond +-10 the second term is below rounding, and e no
// finite number.
__device__ __forceinline__ float gelu_slope(float gate) {
  float z = fminf(fmaxf(gate, -10.0f), 10.0f);
  float e = expf(-z * fmaf(GELU_CUBE * z, z, GELU_LINEAR));
  float s = 1.0f / (1.0f + e);
  return fmaf(e * s * z * fmaf(3.0f * GELU_CUBE * z, z, GELU_LINEAR), s, s);
}

struct Silu {
  static __device__ __forceinline__ float of(float z) { return z * sigmoid(z); }

  /** Gate and up become their gradients. */
  static __device__ __forceinline__ void gradient(float d, float& z, float& u) {
    float s = sigmoid(z);
    float dGate = d * u * s * (1.0f + z * (1.0f - s));
    u = d * z * s;
    z = dGate;
  }
};

struct Gelu {
  static __device__ __forceinline__ float of(float z) { return gelu(z); }

  static __device__ __forceinline__ void gradient(float d, float& z, float& u) {
    float dGate = d * u * gelu_slope(z);
    u = d * gelu(z);
    z = dGate;
  }
};

// gateUp (tokens, 2 * width), gates first. Grid (tokens, slices of the width).
template <class Activation>
__device__ __forceinline__ void gated(real* out, const real* gateUp, int width) {
  const real* gates = gateUp + (long long)blockIdx.x * 2 * width;
  real* to = out + (long long)blockIdx.x * width;
  bool vectors = width % VEC == 0 && aligned16(out, gateUp);
  int thread = (int)(blockIdx.y * blockDim.x + threadIdx.x);
  int threads = (int)(gridDim.y * blockDim.x);
  if (vectors) {
    for (int i = thread * VEC; i < width; i += threads * VEC) {
      float z[VEC];
      float u[VEC];
      load(gates + i, z);
      load(gates + width + i, u);
#pragma unroll
      for (int k = 0; k < VEC; k++) {
        z[k] = Activation::of(z[k]) * u[k];
      }
      store(to + i, z);
    }
  } else {
    for (int i = thread; i < width; i += threads) {
      float z = load_one(gates + i);
      store_one(to + i, Activation::of(z) * load_one(gates + width + i));
    }
  }
}

// Grid (tokens, slices of the width).
template <class Activation>
__device__ __forceinline__ void gated_backward(real* dGateUp, const real* dOut, const real* gateUp, int width) {
  const real* gates = gateUp + (long long)blockIdx.x * 2 * width;
  const real* d = dOut + (long long)blockIdx.x * width;
  real* to = dGateUp + (long long)blockIdx.x * 2 * width;
  bool vectors = width % VEC == 0 && aligned16(dGateUp, dOut, gateUp);
  int thread = (int)(blockIdx.y * blockDim.x + threadIdx.x);
  int threads = (int)(gridDim.y * blockDim.x);
  if (vectors) {
    for (int i = thread * VEC; i < width; i += threads * VEC) {
      float z[VEC];
      float u[VEC];
      float g[VEC];
      load(gates + i, z);
      load(gates + width + i, u);
      load(d + i, g);
#pragma unroll
      for (int k = 0; k < VEC; k++) {
        Activation::gradient(g[k], z[k], u[k]);
      }
      store(to + i, z);
      store(to + width + i, u);
    }
  } else {
    for (int i = thread; i < width; i += threads) {
      float z = load_one(gates + i);
      float u = load_one(gates + width + i);
      Activation::gradient(load_one(d + i), z, u);
      store_one(to + i, z);
      store_one(to + width + i, u);
    }
  }
}

extern "C" __global__ void swiglu(real* out, const real* gateUp, int width) {
  gated<Silu>(out, gateUp, width);
}

extern "C" __global__ void swiglu_backward(real* dGateUp, const real* dOut, const real* gateUp, int width) {
  gated_backward<Silu>(dGateUp, dOut, gateUp, width);
}

extern "C" __global__ void geglu(real* out, const real* gateUp, int width) {
  gated<Gelu>(out, gateUp, width);
}

extern "C" __global__ void geglu_backward(real* dGateUp, const real* dOut, const real* gateUp, int width) {
  gated_backward<Gelu>(dGateUp, dOut, gateUp, width);
}
