// Second stage of sums over rows: partial sums, one row for each block of the first stage, added in the order of blocks.
#pragma once
#include "common.cuh"

#define COLUMN_GROUPS 8

// to[c] += sum over rows of partials[row * width + c]. Blocks of 256 threads for 32 columns each.
__device__ __forceinline__ void add_column_sums(float* to, const float* partials, int rows, int width) {
  __shared__ float sums[COLUMN_GROUPS][WARP];
  int lane = (int)threadIdx.x % WARP;
  int group = (int)threadIdx.x / WARP;
  int column = (int)blockIdx.x * WARP + lane;
  float sum = 0.0f;
  if (column < width) {
    for (int row = group; row < rows; row += COLUMN_GROUPS) {
      sum += partials[(long long)row * width + column];
    }
  }
  sums[group][lane] = sum;
  __syncthreads();
  if (group == 0 && column < width) {
#pragma unroll
    for (int other = 1; other < COLUMN_GROUPS; other++) {
      sum += sums[other][lane];
    }
    to[column] += sum;
  }
}
