// AdamW in one pass over its five tensors, and the sum of squares.
#include "common.cuh"

struct AdamW {
  float gradScale;
  float beta1;
  float oneMinusBeta1;
  float beta2;
  float oneMinusBeta2;
  float firstCorrection;
  float secondCorrection;
  float eps;
  float minusDecay;
  float minusRate;
};

__device__ __forceinline__ float updated(const AdamW& step, float w, float& m, float& v, float grad) {
  float g = step.gradScale * grad;
  m = step.beta1 * m + step.oneMinusBeta1 * g;
  v = step.beta2 * v + step.oneMinusBeta2 * g * g;
  float decayed = fmaf(step.minusDecay, w, w);
  return decayed + step.minusRate * (m * step.firstCorrection) / (sqrtf(v * step.secondCorrection) + step.eps);
}

// master: the weights in single precision. Where param is of that type itself, both are the same memory.
extern "C" __global__ void adam_w(real* param, float* master, float* firstMoment, float* secondMoment, const float* grad,
                                  long long n, float gradScale, float beta1, float oneMinusBeta1, float beta2,
                                  float oneMinusBeta2, float firstCorrection, float secondCorrection, float eps,
                                  float minusDecay, float minusRate) {
  AdamW step = {gradScale,       beta1,            oneMinusBeta1, beta2,      oneMinusBeta2,
                firstCorrection, secondCorrection, eps,           minusDecay, minusRate};
  long long thread = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  long long threads = (long long)gridDim.x * blockDim.x;
  long long vectors = aligned16(param, master, firstMoment, secondMoment, grad) ? n / VEC * VEC : 0;
  for (long long i = thread * VEC; i < vectors; i += threads * VEC) {
    float w[VEC];
    float m[VEC];
    float v[VEC];
    float g[VEC];
    load(master + i, w);
    load(firstMoment + i, m);
    load(secondMoment + i, v);
    load(grad + i, g);
#pragma unroll
    for (int k = 0; k < VEC; k++) {
      w[k] = updated(step, w[k], m[k], v[k], g[k]);
    }
    store(firstMoment + i, m);
    store(secondMoment + i, v);
    store(master + i, w);
#ifdef SCORE4J_BF16
    store(param + i, w);
#endif
  }
  for (long long i = vectors + thread; i < n; i += threads) {
    float m = firstMoment[i];
    float v = secondMoment[i];
    float w = updated(step, master[i], m, v, grad[i]);
    firstMoment[i] = m;
    secondMoment[i] = v;
    master[i] = w;
#ifdef SCORE4J_BF16
    store_one(param + i, w);
#endif
  }
}

#define SUM_THREADS 256

// Sum over a block of SUM_THREADS threads, by a fixed tree, in thread 0.
__device__ __forceinline__ double block_sum_in_double(double x) {
  __shared__ double sums[SUM_THREADS];
  sums[threadIdx.x] = x;
  __syncthreads();
#pragma unroll
  for (int half = SUM_THREADS / 2; half > 0; half >>= 1) {
    if ((int)threadIdx.x < half) {
      sums[threadIdx.x] += sums[threadIdx.x + half];
    }
    __syncthreads();
  }
  return sums[0];
}

// partials[block] = sum of squares, in double: their squares are exact, and the order depends on n and the grid alone,
// not on where x starts.
extern "C" __global__ void square_partials(double* partials, const float* x, long long n) {
  long long thread = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  long long threads = (long long)gridDim.x * blockDim.x;
  bool vectors = aligned16(x);
  double sum = 0.0;
  for (long long i = thread * 4; i < n; i += threads * 4) {
    if (vectors && i + 4 <= n) {
      float v[4];
      load(x + i, v);
#pragma unroll
      for (int k = 0; k < 4; k++) {
        sum += (double)v[k] * (double)v[k];
      }
    } else {
      for (int k = 0; k < 4 && i + k < n; k++) {
        sum += (double)x[i + k] * (double)x[i + k];
      }
    }
  }
  sum = block_sum_in_double(sum);
  if (threadIdx.x == 0) {
    partials[blockIdx.x] = sum;
  }
}

// total = sum of the partials. One block.
extern "C" __global__ void sum_partials(double* total, const double* partials, int count) {
  double sum = 0.0;
  for (int i = (int)threadIdx.x; i < count; i += SUM_THREADS) {
    sum += partials[i];
  }
  sum = block_sum_in_double(sum);
  if (threadIdx.x == 0) {
    *total = sum;
  }
}
