// Tiles of rows in shared memory and products of them on the CUDA cores, for attention.cu.
//
// A block is 128 threads, 8 x 16. In a (rows, columns) tile of scores thread (group, lane) holds
// rows group * ROWS + r and columns lane + 16 c; in a (rows, headDim) tile the same rows and
// elements lane + 16 e. All of a row therefore lies in 16 lanes of one warp.
#pragma once
#include "attention.cuh"

#define THREADS 128
#define LANES 16
#define GROUPS (THREADS / LANES)

/** Tile sizes for headDim <= WIDTH. */
template <int WIDTH>
struct Sizes {
  // Four (TILE, WIDTH) tiles must stay below the 99 KB a block can have on all GPUs since sm_80.
  static const int TILE = WIDTH > 128 ? 16 : 32;
  static const int ROWS = TILE / GROUPS;     // per thread
  static const int COLUMNS = TILE / LANES;   // per thread
  static const int ELEMENTS = WIDTH / LANES; // per thread and row
  // Odd, so that lanes reading one element of different rows meet different banks.
  static const int STRIDE = WIDTH + 1;
  static const int FLOATS = TILE * STRIDE;
  static const int SCORE_STRIDE = TILE + 1;
  static const int SCORE_FLOATS = TILE * SCORE_STRIDE;
};

/** Thread (ty, tx) of a block. */
__device__ __forceinline__ int group() { return threadIdx.x / LANES; }
__device__ __forceinline__ int lane() { return threadIdx.x % LANES; }

/** Copies `count` rows of headDim elements into a (TILE, WIDTH) tile; the rest becomes zero. */
template <int WIDTH>
__device__ __forceinline__ void load_tile(
    float* tile, const real* rows, long stride, int count, int headDim) {
  typedef Sizes<WIDTH> S;
  for (int i = threadIdx.x; i < S::TILE * WIDTH; i += THREADS) {
    int row = i / WIDTH;
    int e = i % WIDTH;
    bool inside = row < count && e < headDim;
    tile[row * S::STRIDE + e] = inside ? to_float(rows[row * stride + e]) : 0.0f;
  }
}

/** `product[r][c] = a[row r] . b[column c]` */
template <int WIDTH>
__device__ __forceinline__ void multiply_transposed(
    float (&product)[Sizes<WIDTH>::ROWS][Sizes<WIDTH>::COLUMNS],
    const float* a,
    const float* b,
    int headDim) {
  typedef Sizes<WIDTH> S;
#pragma unroll
  for (int r = 0; r < S::ROWS; r++) {
#pragma unroll
    for (int c = 0; c < S::COLUMNS; c++) {
      product[r][c] = 0.0f;
    }
  }
  const float* rowA = a + group() * S::ROWS * S::STRIDE;
  const float* rowB = b + lane() * S::STRIDE;
#pragma unroll 4
  for (int e = 0; e < headDim; e++) {
    float columns[S::COLUMNS];
#pragma unroll
    for (int c = 0; c < S::COLUMNS; c++) {
      columns[c] = rowB[c * LANES * S::STRIDE + e];
    }
#pragma unroll
    for (int r = 0; r < S::ROWS; r++) {
      float x = rowA[r * S::STRIDE + e];
#pragma unroll
      for (int c = 0; c < S::COLUMNS; c++) {
        product[r][c] = fmaf(x, columns[c], product[r][c]);
      }
    }
  }
}

/** `sum[r][e] += scores[row r] . values[., element e]` */
template <int WIDTH>
__device__ __forceinline__ void accumulate(
    float (&sum)[Sizes<WIDTH>::ROWS][Sizes<WIDTH>::ELEMENTS],
    const float* scores,
    const float* values) {
  typedef Sizes<WIDTH> S;
  const float* rowScores = scores + group() * S::ROWS * S::SCORE_STRIDE;
#pragma unroll 4
  for (int k = 0; k < S::TILE; k++) {
    float weights[S::ROWS];
#pragma unroll
    for (int r = 0; r < S::ROWS; r++) {
      weights[r] = rowScores[r * S::SCORE_STRIDE + k];
    }
#pragma unroll
    for (int e = 0; e < S::ELEMENTS; e++) {
      float value = values[k * S::STRIDE + lane() + e * LANES];
#pragma unroll
      for (int r = 0; r < S::ROWS; r++) {
        sum[r][e] = fmaf(weights[r], value, sum[r][e]);
      }
    }
  }
}

/** Sets all sums to zero. */
template <int WIDTH>
__device__ __forceinline__ void clear(
    float (&sum)[Sizes<WIDTH>::ROWS][Sizes<WIDTH>::ELEMENTS]) {
  typedef Sizes<WIDTH> S;
#pragma unroll
  for (int r = 0; r < S::ROWS; r++) {
#pragma unroll
    for (int e = 0; e < S::ELEMENTS; e++) {
      sum[r][e] = 0.0f;
    }
  }
}

/** Writes `factor[r] * sum[r]` to the first `count` of the block's rows. */
template <int WIDTH>
__device__ __forceinline__ void store_rows(
    real* rows,
    long stride,
    int count,
    int headDim,
    const float (&sum)[Sizes<WIDTH>::ROWS][Sizes<WIDTH>::ELEMENTS],
    const float (&factor)[Sizes<WIDTH>::ROWS]) {
  typedef Sizes<WIDTH> S;
#pragma unroll
  for (int r = 0; r < S::ROWS; r++) {
    int row = group() * S::ROWS + r;
#pragma unroll
    for (int e = 0; e < S::ELEMENTS; e++) {
      int element = lane() + e * LANES;
      if (row < count && element < headDim) {
        store_one(&rows[row * stride + element], factor[r] * sum[r][e]);
      }
    }
  }
}

/** Maximum over the 16 lanes that share rows. */
__device__ __forceinline__ float row_max(float value) {
  for (int offset = LANES / 2; offset > 0; offset /= 2) {
    value = fmaxf(value, __shfl_xor_sync(FULL_MASK, value, offset));
  }
  return value;
}

/** Sum over the 16 lanes that share rows. */
__device__ __forceinline__ float row_sum(float value) {
  for (int offset = LANES / 2; offset > 0; offset /= 2) {
    value += __shfl_xor_sync(FULL_MASK, value, offset);
  }
  return value;
}
