// Backward of attention.cu, on the CUDA cores.
//
// The probabilities are recomputed from logSumExp twice, once per tile of queries for dQ and once
// per tile of keys for dK and dV: two products more than one pass with atomic additions needs, and
// the same bits in every run.
#include "attention_tiles.cuh"

/** dQ for one tile of queries of one head: `dQ_i = scale sum_j P_ij (dOut_i . V_j - delta_i) K_j`. */
template <int WIDTH>
__device__ __forceinline__ void backward_queries(
    float* shared,
    real* dQkv,
    const real* dOut,
    const real* qkv,
    const float* logSumExp,
    const float* delta,
    const int* segments,
    int numSegments,
    HeadLayout heads,
    float scale) {
  typedef Sizes<WIDTH> S;
  Tile tile = find_tile(segments, numSegments, S::TILE, gridDim.x - 1 - blockIdx.x);
  if (tile.count == 0) {
    return;
  }
  float* queries = shared;
  float* dOuts = queries + S::FLOATS;
  float* keys = dOuts + S::FLOATS;
  float* values = keys + S::FLOATS;
  float* dScores = values + S::FLOATS;

  Segment segment = tile.segment;
  int head = blockIdx.y;
  int kvHead = head / heads.groupSize();
  long firstToken = segment.start + tile.first;
  long queryAt = firstToken * heads.rowWidth() + (long)head * heads.headDim;
  long outAt = firstToken * heads.outWidth() + (long)head * heads.headDim;
  load_tile<WIDTH>(queries, qkv + queryAt, heads.rowWidth(), tile.count, heads.headDim);
  load_tile<WIDTH>(dOuts, dOut + outAt, heads.outWidth(), tile.count, heads.headDim);

  float rowLse[S::ROWS];
  float rowDelta[S::ROWS];
#pragma unroll
  for (int r = 0; r < S::ROWS; r++) {
    int row = group() * S::ROWS + r;
    long at = (firstToken + row) * heads.numHeads + head;
    // Rows beyond the tile are zero and give zero gradients.
    rowLse[r] = row < tile.count ? logSumExp[at] : 0.0f;
    rowDelta[r] = row < tile.count ? delta[at] : 0.0f;
  }
  float sum[S::ROWS][S::ELEMENTS];
  clear<WIDTH>(sum);

  int firstIndex = heads.firstKey(segment.prefixLength + tile.first);
  for (int part = 0; part < 2; part++) {
    bool own = part == 1;
    int numKeys = own ? tile.first + tile.count : segment.prefixLength;
    const real* rows = qkv + (own ? segment.start : segment.prefixStart) * heads.rowWidth();
    int before = own ? segment.prefixLength : 0;
    for (int base = max(0, firstIndex - before) / S::TILE * S::TILE; base < numKeys; base += S::TILE) {
      int count = min(S::TILE, numKeys - base);
      const real* row = rows + base * heads.rowWidth();
      __syncthreads();
      load_tile<WIDTH>(
          keys, row + heads.keyOffset(kvHead), heads.rowWidth(), count, heads.headDim);
      load_tile<WIDTH>(
          values, row + heads.valueOffset(kvHead), heads.rowWidth(), count, heads.headDim);
      __syncthreads();

      float score[S::ROWS][S::COLUMNS];
      float dWeight[S::ROWS][S::COLUMNS];
      multiply_transposed<WIDTH>(score, queries, keys, heads.headDim);
      multiply_transposed<WIDTH>(dWeight, dOuts, values, heads.headDim);
#pragma unroll
      for (int r = 0; r < S::ROWS; r++) {
        int row = group() * S::ROWS + r;
        int seen = own ? min(count, tile.first + row + 1 - base) : count;
        int index = segment.prefixLength + tile.first + row;
#pragma unroll
        for (int c = 0; c < S::COLUMNS; c++) {
          int column = lane() + c * LANES;
          bool visible = column < seen && heads.near(index, before + base + column);
          float capped = heads.cap(scale * score[r][c]);
          float weight = visible ? expf(capped - rowLse[r]) : 0.0f;
          dScores[row * S::SCORE_STRIDE + column] = weight * (dWeight[r][c] - rowDelta[r]) * heads.slope(capped);
        }
      }
      __syncwarp();
      accumulate<WIDTH>(sum, dScores, keys);
    }
  }
  float factor[S::ROWS];
#pragma unroll
  for (int r = 0; r < S::ROWS; r++) {
    factor[r] = scale;
  }
  store_rows<WIDTH>(dQkv + queryAt, heads.rowWidth(), tile.count, heads.headDim, sum, factor);
}

/**
 * dK and dV for one tile of keys of one key/value head, over all queries that see them in the order
 * of the tokens, query heads of the group one after the other: `dV_j = sum_i P_ij dOut_i`, `dK_j =
 * scale sum_i P_ij (dOut_i . V_j - delta_i) Q_i`. Rows are keys, columns queries.
 */
template <int WIDTH>
__device__ __forceinline__ void backward_keys(
    float* shared,
    real* dQkv,
    const real* dOut,
    const real* qkv,
    const float* logSumExp,
    const float* delta,
    const int* segments,
    int numSegments,
    HeadLayout heads,
    float scale) {
  typedef Sizes<WIDTH> S;
  Tile tile = find_tile(segments, numSegments, S::TILE, blockIdx.x);
  if (tile.count == 0) {
    return;
  }
  float* keys = shared;
  float* values = keys + S::FLOATS;
  float* queries = values + S::FLOATS;
  float* dOuts = queries + S::FLOATS;
  float* weights = dOuts + S::FLOATS;
  float* dScores = weights + S::SCORE_FLOATS;

  int kvHead = blockIdx.y;
  int firstToken = tile.segment.start + tile.first;
  long keyAt = firstToken * heads.rowWidth() + heads.keyOffset(kvHead);
  long valueAt = firstToken * heads.rowWidth() + heads.valueOffset(kvHead);
  load_tile<WIDTH>(keys, qkv + keyAt, heads.rowWidth(), tile.count, heads.headDim);
  load_tile<WIDTH>(values, qkv + valueAt, heads.rowWidth(), tile.count, heads.headDim);
  float dKeys[S::ROWS][S::ELEMENTS];
  float dValues[S::ROWS][S::ELEMENTS];
  clear<WIDTH>(dKeys);
  clear<WIDTH>(dValues);

  for (int head = kvHead * heads.groupSize(); head < (kvHead + 1) * heads.groupSize(); head++) {
    for (Readers readers = first_readers(tile, heads); readers.count > 0;
        readers = next_readers(readers, tile, heads, segments, numSegments)) {
      Sight sight = sight_of(readers, tile, segments);
      for (int base = 0; base < readers.count; base += S::TILE) {
        int count = min(S::TILE, readers.count - base);
        int token = readers.first + base;
        __syncthreads();
        load_tile<WIDTH>(
            queries,
            qkv + token * heads.rowWidth() + (long)head * heads.headDim,
            heads.rowWidth(),
            count,
            heads.headDim);
        load_tile<WIDTH>(
            dOuts,
            dOut + token * heads.outWidth() + (long)head * heads.headDim,
            heads.outWidth(),
            count,
            heads.headDim);
        __syncthreads();

        float score[S::ROWS][S::COLUMNS];
        float dWeight[S::ROWS][S::COLUMNS];
        multiply_transposed<WIDTH>(score, keys, queries, heads.headDim);
        multiply_transposed<WIDTH>(dWeight, values, dOuts, heads.headDim);
#pragma unroll
        for (int c = 0; c < S::COLUMNS; c++) {
          int column = lane() + c * LANES;
          bool inside = column < count;
          long at = (long)(token + column) * heads.numHeads + head;
          float columnLse = inside ? logSumExp[at] : 0.0f;
          float columnDelta = inside ? delta[at] : 0.0f;
#pragma unroll
          for (int r = 0; r < S::ROWS; r++) {
            int row = group() * S::ROWS + r;
            bool visible = inside && sight.sees(token + column, firstToken + row, heads);
            float capped = heads.cap(scale * score[r][c]);
            float weight = visible ? expf(capped - columnLse) : 0.0f;
            weights[row * S::SCORE_STRIDE + column] = weight;
            dScores[row * S::SCORE_STRIDE + column] =
                weight * (dWeight[r][c] - columnDelta) * heads.slope(capped);
          }
        }
        __syncwarp();
        accumulate<WIDTH>(dValues, weights, dOuts);
        accumulate<WIDTH>(dKeys, dScores, queries);
      }
    }
  }
  float keyFactor[S::ROWS];
  float valueFactor[S::ROWS];
#pragma unroll
  for (int r = 0; r < S::ROWS; r++) {
    keyFactor[r] = scale;
    valueFactor[r] = 1.0f;
  }
  store_rows<WIDTH>(
      dQkv + keyAt, heads.rowWidth(), tile.count, heads.headDim, dKeys, keyFactor);
  store_rows<WIDTH>(
      dQkv + valueAt, heads.rowWidth(), tile.count, heads.headDim, dValues, valueFactor);
}

/** `delta = rowsum(dOut * out)`, (T, H): one warp per token and head. */
extern "C" __global__ void attention_delta(
    float* delta, const real* dOut, const real* out, long rows, int headDim) {
  long row = (blockIdx.x * (long)blockDim.x + threadIdx.x) / 32;
  float sum = 0.0f;
  if (row < rows) {
    for (int e = threadIdx.x % 32; e < headDim; e += 32) {
      sum = fmaf(to_float(dOut[row * headDim + e]), to_float(out[row * headDim + e]), sum);
    }
  }
  for (int offset = 16; offset > 0; offset /= 2) {
    sum += __shfl_xor_sync(FULL_MASK, sum, offset);
  }
  if (row < rows && threadIdx.x % 32 == 0) {
    delta[row] = sum;
  }
}

// The kernels by the widest head they take, grid (T / TILE + numSegments, H) for queries and
// (T / TILE + numSegments, KV) for keys.
// The least number of blocks per multiprocessor grants registers; ptxas alone aims at more blocks and
// spills.

extern "C" __global__ void __launch_bounds__(THREADS, 3) attention_backward_queries_64(
    real* __restrict__ dQkv,
    const real* __restrict__ dOut,
    const real* __restrict__ qkv,
    const float* __restrict__ logSumExp,
    const float* __restrict__ delta,
    const int* __restrict__ segments,
    int numSegments,
    int numHeads,
    int numKvHeads,
    int headDim,
    float scale,
    float softCap,
    int window) {
  extern __shared__ float shared[];
  HeadLayout heads = {numHeads, numKvHeads, headDim, softCap, window};
  backward_queries<64>(
      shared, dQkv, dOut, qkv, logSumExp, delta, segments, numSegments, heads, scale);
}

extern "C" __global__ void __launch_bounds__(THREADS, 3) attention_backward_keys_64(
    real* __restrict__ dQkv,
    const real* __restrict__ dOut,
    const real* __restrict__ qkv,
    const float* __restrict__ logSumExp,
    const float* __restrict__ delta,
    const int* __restrict__ segments,
    int numSegments,
    int numHeads,
    int numKvHeads,
    int headDim,
    float scale,
    float softCap,
    int window) {
  extern __shared__ float shared[];
  HeadLayout heads = {numHeads, numKvHeads, headDim, softCap, window};
  backward_keys<64>(
      shared, dQkv, dOut, qkv, logSumExp, delta, segments, numSegments, heads, scale);
}

extern "C" __global__ void __launch_bounds__(THREADS, 3) attention_backward_queries_128(
    real* __restrict__ dQkv,
    const real* __restrict__ dOut,
    const real* __restrict__ qkv,
    const float* __restrict__ logSumExp,
    const float* __restrict__ delta,
    const int* __restrict__ segments,
    int numSegments,
    int numHeads,
    int numKvHeads,
    int headDim,
    float scale,
    float softCap,
    int window) {
  extern __shared__ float shared[];
  HeadLayout heads = {numHeads, numKvHeads, headDim, softCap, window};
  backward_queries<128>(
      shared, dQkv, dOut, qkv, logSumExp, delta, segments, numSegments, heads, scale);
}

extern "C" __global__ void __launch_bounds__(THREADS, 3) attention_backward_keys_128(
    real* __restrict__ dQkv,
    const real* __restrict__ dOut,
    const real* __restrict__ qkv,
    const float* __restrict__ logSumExp,
    const float* __restrict__ delta,
    const int* __restrict__ segments,
    int numSegments,
    int numHeads,
    int numKvHeads,
    int headDim,
    float scale,
    float softCap,
    int window) {
  extern __shared__ float shared[];
  HeadLayout heads = {numHeads, numKvHeads, headDim, softCap, window};
  backward_keys<128>(
      shared, dQkv, dOut, qkv, logSumExp, delta, segments, numSegments, heads, scale);
}

extern "C" __global__ void __launch_bounds__(THREADS, 3) attention_backward_queries_256(
    real* __restrict__ dQkv,
    const real* __restrict__ dOut,
    const real* __restrict__ qkv,
    const float* __restrict__ logSumExp,
    const float* __restrict__ delta,
    const int* __restrict__ segments,
    int numSegments,
    int numHeads,
    int numKvHeads,
    int headDim,
    float scale,
    float softCap,
    int window) {
  extern __shared__ float shared[];
  HeadLayout heads = {numHeads, numKvHeads, headDim, softCap, window};
  backward_queries<256>(
      shared, dQkv, dOut, qkv, logSumExp, delta, segments, numSegments, heads, scale);
}

extern "C" __global__ void __launch_bounds__(THREADS, 3) attention_backward_keys_256(
    real* __restrict__ dQkv,
    const real* __restrict__ dOut,
    const real* __restrict__ qkv,
    const float* __restrict__ logSumExp,
    const float* __restrict__ delta,
    const int* __restrict__ segments,
    int numSegments,
    int numHeads,
    int numKvHeads,
    int headDim,
    float scale,
    float softCap,
    int window) {
  extern __shared__ float shared[];
  HeadLayout heads = {numHeads, numKvHeads, headDim, softCap, window};
  backward_keys<256>(
      shared, dQkv, dOut, qkv, logSumExp, delta, segments, numSegments, heads, scale);
}
