// RMSNorm of rows (a block each) and of heads (a warp each). Rows that fit one 16-byte access per thread stay in
// registers between the sum and the scaling; longer ones are read again, from cache.
#include "columns.cuh"

// The columns of a thread: vectors from `first` on, `step` apart; single elements where VEC does not fit.
struct Columns {
  bool vectors;
  int first;
  int step;
};

__device__ __forceinline__ Columns columns_of_thread(bool vectors) {
  int per = vectors ? VEC : 1;
  Columns c;
  c.vectors = vectors;
  c.first = (int)threadIdx.x * per;
  c.step = (int)blockDim.x * per;
  return c;
}

// Up to VEC elements: all of them, or the first alone.
__device__ __forceinline__ void load_some(bool vectors, const real* from, float (&to)[VEC]) {
  if (vectors) {
    load(from, to);
  } else {
#pragma unroll
    for (int k = 1; k < VEC; k++) {
      to[k] = 0.0f;
    }
    to[0] = load_one(from);
  }
}

// Weights of a norm plus what is kept apart from them: 0, or 1 where they are distances from 1.
__device__ __forceinline__ void load_weights(bool vectors, const real* from, float offset, float (&to)[VEC]) {
  load_some(vectors, from, to);
#pragma unroll
  for (int k = 0; k < VEC; k++) {
    to[k] += offset;
  }
}

__device__ __forceinline__ void store_some(bool vectors, real* to, const float (&from)[VEC]) {
  if (vectors) {
    store(to, from);
  } else {
    store_one(to, from[0]);
  }
}

// sums += d * v, in shared memory; a thread has its elements to itself.
__device__ __forceinline__ void add_products(bool vectors, float* sums, const float (&d)[VEC], const float (&v)[VEC]) {
  if (vectors) {
    float s[VEC];
    load(sums, s);
#pragma unroll
    for (int k = 0; k < VEC; k++) {
      s[k] = fmaf(d[k], v[k], s[k]);
    }
    store(sums, s);
  } else {
    sums[0] = fmaf(d[0], v[0], sums[0]);
  }
}

__device__ __forceinline__ float dot(const float (&a)[VEC], const float (&b)[VEC], float sum) {
#pragma unroll
  for (int k = 0; k < VEC; k++) {
    sum = fmaf(a[k], b[k], sum);
  }
  return sum;
}

// out = x * rstd * (offset + weight). Grid (rows).
extern "C" __global__ void rms_norm(real* out, float* rstd, const real* x, const real* weight, int width, float offset, float eps) {
  __shared__ float shared[WARP];
  const real* row = x + (long long)blockIdx.x * width;
  real* to = out + (long long)blockIdx.x * width;
  Columns c = columns_of_thread(width % VEC == 0 && aligned16(out, x, weight));
  float v[VEC];
  float w[VEC];
  float squares = 0.0f;
  for (int i = c.first; i < width; i += c.step) {
    load_some(c.vectors, row + i, v);
    squares = dot(v, v, squares);
  }
  float r = 1.0f / sqrtf(block_sum(squares, shared) / (float)width + eps);
  if (threadIdx.x == 0) {
    rstd[blockIdx.x] = r;
  }
  for (int i = c.first; i < width; i += c.step) {
    if (width > c.step) {
      load_some(c.vectors, row + i, v);
    }
    load_weights(c.vectors, weight + i, offset, w);
#pragma unroll
    for (int k = 0; k < VEC; k++) {
      v[k] = v[k] * r * w[k];
    }
    store_some(c.vectors, to + i, v);
  }
}

// sum = x + delta, out = rmsNorm(sum as stored), which is what backward reads. Grid (rows).
extern "C" __global__ void add_rms_norm(real* out, real* sum, float* rstd, const real* x, const real* delta,
                                        const real* weight, int width, float offset, float eps) {
  __shared__ float shared[WARP];
  long long at = (long long)blockIdx.x * width;
  Columns c = columns_of_thread(width % VEC == 0 && aligned16(out, sum, x, delta, weight));
  float v[VEC];
  float w[VEC];
  float squares = 0.0f;
  for (int i = c.first; i < width; i += c.step) {
    load_some(c.vectors, x + at + i, v);
    load_some(c.vectors, delta + at + i, w);
#pragma unroll
    for (int k = 0; k < VEC; k++) {
      v[k] = as_stored(v[k] + w[k]);
    }
    store_some(c.vectors, sum + at + i, v);
    squares = dot(v, v, squares);
  }
  float r = 1.0f / sqrtf(block_sum(squares, shared) / (float)width + eps);
  if (threadIdx.x == 0) {
    rstd[blockIdx.x] = r;
  }
  for (int i = c.first; i < width; i += c.step) {
    if (width > c.step) {
      // Each thread reads what it wrote itself.
      load_some(c.vectors, sum + at + i, v);
    }
    load_weights(c.vectors, weight + i, offset, w);
#pragma unroll
    for (int k = 0; k < VEC; k++) {
      v[k] = v[k] * r * w[k];
    }
    store_some(c.vectors, out + at + i, v);
  }
}

// With g = dOut * (offset + weight) and n = x * rstd: dX (+)= rstd * (g - n * mean(g * n)), and into partials[block] the sum of
// dOut * n over the block's rows. Grid (blocks), each of rowsPerBlock rows; dynamic shared memory: width floats.
extern "C" __global__ void rms_norm_backward(real* dX, float* partials, const real* dOut, const real* x,
                                             const real* weight, const float* rstd, int rows, int width,
                                             int rowsPerBlock, int accumulate, float offset) {
  extern __shared__ float4 dWeights[];
  __shared__ float shared[WARP];
  float* dWeight = (float*)dWeights;
  Columns c = columns_of_thread(width % VEC == 0 && aligned16(dX, dOut, x, weight));
  for (int i = (int)threadIdx.x; i < width; i += (int)blockDim.x) {
    dWeight[i] = 0.0f;
  }
  __syncthreads();
  int from = (int)blockIdx.x * rowsPerBlock;
  int to = min(rows, from + rowsPerBlock);
  for (int row = from; row < to; row++) {
    long long at = (long long)row * width;
    float r = rstd[row];
    float d[VEC];
    float v[VEC];
    float w[VEC];
    float sum = 0.0f;
    for (int i = c.first; i < width; i += c.step) {
      load_some(c.vectors, dOut + at + i, d);
      load_some(c.vectors, x + at + i, v);
      load_weights(c.vectors, weight + i, offset, w);
#pragma unroll
      for (int k = 0; k < VEC; k++) {
        v[k] *= r;
        sum = fmaf(d[k] * w[k], v[k], sum);
      }
      add_products(c.vectors, dWeight + i, d, v);
    }
    float mean = block_sum(sum, shared) / (float)width;
    for (int i = c.first; i < width; i += c.step) {
      if (width > c.step) {
        load_some(c.vectors, dOut + at + i, d);
        load_some(c.vectors, x + at + i, v);
        load_weights(c.vectors, weight + i, offset, w);
#pragma unroll
        for (int k = 0; k < VEC; k++) {
          v[k] *= r;
        }
      }
#pragma unroll
      for (int k = 0; k < VEC; k++) {
        d[k] = r * (d[k] * w[k] - v[k] * mean);
      }
      if (accumulate) {
        load_some(c.vectors, dX + at + i, w);
#pragma unroll
        for (int k = 0; k < VEC; k++) {
          d[k] += w[k];
        }
      }
      store_some(c.vectors, dX + at + i, d);
    }
  }
  __syncthreads();
  for (int i = (int)threadIdx.x; i < width; i += (int)blockDim.x) {
    partials[(long long)blockIdx.x * width + i] = dWeight[i];
  }
}

// dWeight += sums over the blocks of the first stage.
extern "C" __global__ void add_partials(float* dWeight, const float* partials, int rows, int width) {
  add_column_sums(dWeight, partials, rows, width);
}

// ---- heads: a lane takes VEC elements of a head, WARP * VEC apart

// Heads of a token: queries, keys, values. Grid (blocks of whole warps over tokens * all heads).
extern "C" __global__ void qk_norm(real* out, float* rstd, const real* qkv, const real* qWeight, const real* kWeight,
                                   int tokens, int numHeads, int numKvHeads, int headDim, float offset, float eps) {
  int lane = (int)threadIdx.x % WARP;
  int normed = numHeads + numKvHeads;
  int all = normed + numKvHeads;
  long long item = ((long long)blockIdx.x * blockDim.x + threadIdx.x) / WARP;
  if (item >= (long long)tokens * all) {
    return;
  }
  int token = (int)(item / all);
  int head = (int)(item % all);
  const real* from = qkv + item * headDim;
  real* to = out + item * headDim;
  const real* weight = head < numHeads ? qWeight : kWeight;
  bool vectors = headDim % VEC == 0 && aligned16(out, qkv, qWeight, kWeight);
  int per = vectors ? VEC : 1;
  float v[VEC];
  float w[VEC];
  if (head >= normed) {
    for (int i = lane * per; i < headDim; i += WARP * per) {
      load_some(vectors, from + i, v);
      store_some(vectors, to + i, v);
    }
    return;
  }
  float squares = 0.0f;
  for (int i = lane * per; i < headDim; i += WARP * per) {
    load_some(vectors, from + i, v);
    squares = dot(v, v, squares);
  }
  float r = 1.0f / sqrtf(warp_sum(squares) / (float)headDim + eps);
  if (lane == 0) {
    rstd[(long long)token * normed + head] = r;
  }
  for (int i = lane * per; i < headDim; i += WARP * per) {
    load_some(vectors, from + i, v);
    load_weights(vectors, weight + i, offset, w);
#pragma unroll
    for (int k = 0; k < VEC; k++) {
      v[k] = v[k] * r * w[k];
    }
    store_some(vectors, to + i, v);
  }
}

// Gradient of qk_norm. A block takes tokensPerBlock tokens, its warps their heads in turn; each warp sums the weight
// gradients of queries and keys for itself, and the block adds the warps in order into its row of the partials.
// Dynamic shared memory: warps * 2 * headDim floats.
extern "C" __global__ void qk_norm_backward(real* dQkv, float* qPartials, float* kPartials, const real* dOut,
                                            const real* qkv, const real* qWeight, const real* kWeight,
                                            const float* rstd, int tokens, int numHeads, int numKvHeads, int headDim,
                                            int tokensPerBlock, float offset) {
  extern __shared__ float4 dWeights4[];
  float* dWeights = (float*)dWeights4;
  int lane = (int)threadIdx.x % WARP;
  int warp = (int)threadIdx.x / WARP;
  int warps = (int)blockDim.x / WARP;
  int normed = numHeads + numKvHeads;
  int all = normed + numKvHeads;
  for (int i = (int)threadIdx.x; i < warps * 2 * headDim; i += (int)blockDim.x) {
    dWeights[i] = 0.0f;
  }
  __syncthreads();
  bool vectors = headDim % VEC == 0 && aligned16(dQkv, dOut, qkv, qWeight, kWeight);
  int per = vectors ? VEC : 1;
  int from = (int)blockIdx.x * tokensPerBlock;
  int items = (min(tokens, from + tokensPerBlock) - from) * all;
  for (int item = warp; item < items; item += warps) {
    int token = from + item / all;
    int head = item % all;
    long long at = ((long long)token * all + head) * headDim;
    float d[VEC];
    float v[VEC];
    float w[VEC];
    if (head >= normed) {
      for (int i = lane * per; i < headDim; i += WARP * per) {
        load_some(vectors, dOut + at + i, d);
        store_some(vectors, dQkv + at + i, d);
      }
    } else {
      const real* weight = head < numHeads ? qWeight : kWeight;
      float* dWeight = dWeights + (warp * 2 + (head < numHeads ? 0 : 1)) * headDim;
      float r = rstd[(long long)token * normed + head];
      float sum = 0.0f;
      for (int i = lane * per; i < headDim; i += WARP * per) {
        load_some(vectors, dOut + at + i, d);
        load_some(vectors, qkv + at + i, v);
        load_weights(vectors, weight + i, offset, w);
#pragma unroll
        for (int k = 0; k < VEC; k++) {
          v[k] *= r;
          sum = fmaf(d[k] * w[k], v[k], sum);
        }
        add_products(vectors, dWeight + i, d, v);
      }
      float mean = warp_sum(sum) / (float)headDim;
      for (int i = lane * per; i < headDim; i += WARP * per) {
        load_some(vectors, dOut + at + i, d);
        load_some(vectors, qkv + at + i, v);
        load_weights(vectors, weight + i, offset, w);
#pragma unroll
        for (int k = 0; k < VEC; k++) {
          d[k] = r * (d[k] * w[k] - v[k] * r * mean);
        }
        store_some(vectors, dQkv + at + i, d);
      }
    }
  }
  __syncthreads();
  for (int i = (int)threadIdx.x; i < 2 * headDim; i += (int)blockDim.x) {
    float sum = 0.0f;
    for (int w = 0; w < warps; w++) {
      sum += dWeights[w * 2 * headDim + i];
    }
    if (i < headDim) {
      qPartials[(long long)blockIdx.x * headDim + i] = sum;
    } else {
      kPartials[(long long)blockIdx.x * headDim + i - headDim] = sum;
    }
  }
}
