// What cuBLAS leaves over of a linear layer: the bias and its gradient.
#include "columns.cuh"

// out[row] = bias, so that the product that follows adds to it and rounds once. Grid (rows, slices of the width).
extern "C" __global__ void broadcast_bias(real* out, const real* bias, int width) {
  real* to = out + (long long)blockIdx.x * width;
  int thread = (int)(blockIdx.y * blockDim.x + threadIdx.x);
  int threads = (int)(gridDim.y * blockDim.x);
  if (width % VEC == 0 && aligned16(out, bias)) {
    for (int i = thread; i < width / VEC; i += threads) {
      ((uint4*)to)[i] = ((const uint4*)bias)[i];
    }
  } else {
    for (int i = thread; i < width; i += threads) {
      to[i] = bias[i];
    }
  }
}

// partials[block] = sum over the block's rows of dOut, in their order by eighths: a warp takes every eighth row.
// Grid (slices of WARP * VEC columns, blocks of rowsPerBlock rows), 256 threads.
extern "C" __global__ void bias_partials(float* partials, const real* dOut, int rows, int width, int rowsPerBlock) {
  __shared__ float shared[COLUMN_GROUPS][WARP * 16 / sizeof(real)];
  int lane = (int)threadIdx.x % WARP;
  int group = (int)threadIdx.x / WARP;
  bool vectors = width % VEC == 0 && aligned16(dOut);
  int base = (int)blockIdx.x * WARP * VEC;
  int from = (int)blockIdx.y * rowsPerBlock;
  int to = min(rows, from + rowsPerBlock);
  float sums[VEC];
#pragma unroll
  for (int k = 0; k < VEC; k++) {
    sums[k] = 0.0f;
  }
  for (int row = from + group; row < to; row += COLUMN_GROUPS) {
    const real* at = dOut + (long long)row * width + base;
    if (vectors) {
      if (base + lane * VEC < width) {
        float d[VEC];
        load(at + lane * VEC, d);
#pragma unroll
        for (int k = 0; k < VEC; k++) {
          sums[k] += d[k];
        }
      }
    } else {
#pragma unroll
      for (int k = 0; k < VEC; k++) {
        sums[k] += base + k * WARP + lane < width ? load_one(at + k * WARP + lane) : 0.0f;
      }
    }
  }
#pragma unroll
  for (int k = 0; k < VEC; k++) {
    shared[group][vectors ? lane * VEC + k : k * WARP + lane] = sums[k];
  }
  __syncthreads();
  for (int i = (int)threadIdx.x; i < WARP * VEC && base + i < width; i += (int)blockDim.x) {
    float sum = 0.0f;
#pragma unroll
    for (int g = 0; g < COLUMN_GROUPS; g++) {
      sum += shared[g][i];
    }
    partials[(long long)blockIdx.y * width + base + i] = sum;
  }
}

// dBias += sums over the blocks of the first stage.
extern "C" __global__ void add_partials(float* dBias, const float* partials, int rows, int width) {
  add_column_sums(dBias, partials, rows, width);
}
