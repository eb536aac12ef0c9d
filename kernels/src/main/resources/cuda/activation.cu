// SwiGLU: out = silu(gate) * up with silu(z) = z * s, s = 1 / (1 + e^-z); its slope is s * (1 + z * (1 - s)).
#include "common.cuh"

__device__ __forceinline__ float sigmoid(float z) { return 1.0f / (1.0f + expf(-z)); }

// gateUp (tokens, 2 * width), gates first. Grid (tokens, slices of the width).
extern "C" __global__ void swiglu(real* out, const real* gateUp, int width) {
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
        z[k] = z[k] * sigmoid(z[k]) * u[k];
      }
      store(to + i, z);
    }
  } else {
    for (int i = thread; i < width; i += threads) {
      float z = load_one(gates + i);
      store_one(to + i, z * sigmoid(z) * load_one(gates + width + i));
    }
  }
}

__device__ __forceinline__ void swiglu_gradient(float d, float& z, float& u) {
  float s = sigmoid(z);
  float dGate = d * u * s * (1.0f + z * (1.0f - s));
  u = d * z * s;
  z = dGate;
}

// Grid (tokens, slices of the width).
extern "C" __global__ void swiglu_backward(real* dGateUp, const real* dOut, const real* gateUp, int width) {
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
        swiglu_gradient(g[k], z[k], u[k]);
      }
      store(to + i, z);
      store(to + width + i, u);
    }
  } else {
    for (int i = thread; i < width; i += threads) {
      float z = load_one(gates + i);
      float u = load_one(gates + width + i);
      swiglu_gradient(load_one(d + i), z, u);
      store_one(to + i, z);
      store_one(to + width + i, u);
    }
  }
}
