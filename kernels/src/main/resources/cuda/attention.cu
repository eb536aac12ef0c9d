// Causal grouped-query attention over packed segments: any even headDim up to 256, either
// precision, on the CUDA cores. attention_mma.cu has the tensor-core kernels.
//
// Softmax runs online over tiles of keys (Milakov and Gimelshein, arXiv 1805.02867; tiles as in
// FlashAttention, arXiv 2205.14135), so a (queries, keys) matrix exists only per tile.
#include "attention_tiles.cuh"

/** Forward for one tile of queries of one head. */
template <int WIDTH>
__device__ __forceinline__ void attention(
    float* shared,
    real* out,
    float* logSumExp,
    const real* qkv,
    const int* segments,
    int numSegments,
    HeadLayout heads,
    float scale) {
  typedef Sizes<WIDTH> S;
  // The later tiles of a segment have more keys; they go first, so that no long block is left over.
  Tile tile = find_tile(segments, numSegments, S::TILE, gridDim.x - 1 - blockIdx.x);
  if (tile.count == 0) {
    return;
  }
  float* queries = shared;
  float* keys = queries + S::FLOATS;
  float* values = keys + S::FLOATS;
  float* weights = values + S::FLOATS;

  Segment segment = tile.segment;
  int head = blockIdx.y;
  int kvHead = head / heads.groupSize();
  long firstToken = segment.start + tile.first;
  const real* query = qkv + firstToken * heads.rowWidth() + (long)head * heads.headDim;
  load_tile<WIDTH>(queries, query, heads.rowWidth(), tile.count, heads.headDim);

  float sum[S::ROWS][S::ELEMENTS];
  float maximum[S::ROWS];
  float denominator[S::ROWS];
  clear<WIDTH>(sum);
#pragma unroll
  for (int r = 0; r < S::ROWS; r++) {
    maximum[r] = HIDDEN_SCORE;
    denominator[r] = 0.0f;
  }

  int firstIndex = heads.firstKey(segment.prefixLength + tile.first);
  // The prefix first, then the segment's own keys up to the tile's last query.
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
      multiply_transposed<WIDTH>(score, queries, keys, heads.headDim);
#pragma unroll
      for (int r = 0; r < S::ROWS; r++) {
        int row = group() * S::ROWS + r;
        int seen = own ? min(count, tile.first + row + 1 - base) : count;
        int index = segment.prefixLength + tile.first + row;
        float tileMax = maximum[r];
#pragma unroll
        for (int c = 0; c < S::COLUMNS; c++) {
          int column = lane() + c * LANES;
          bool visible = column < seen && heads.near(index, before + base + column);
          score[r][c] = visible ? heads.cap(scale * score[r][c]) : HIDDEN_SCORE;
          tileMax = fmaxf(tileMax, score[r][c]);
        }
        tileMax = row_max(tileMax);
        float correction = expf(maximum[r] - tileMax);
        maximum[r] = tileMax;
        float tileSum = 0.0f;
#pragma unroll
        for (int c = 0; c < S::COLUMNS; c++) {
          // Without a window every row sees the first key of its first tile, so a hidden score never is the maximum.
          float weight = heads.hides(score[r][c]) ? 0.0f : expf(score[r][c] - tileMax);
          weights[row * S::SCORE_STRIDE + lane() + c * LANES] = weight;
          tileSum += weight;
        }
        denominator[r] = denominator[r] * correction + row_sum(tileSum);
#pragma unroll
        for (int e = 0; e < S::ELEMENTS; e++) {
          sum[r][e] *= correction;
        }
      }
      // The weights of a row are written and read by the same warp.
      __syncwarp();
      accumulate<WIDTH>(sum, weights, values);
    }
  }

  float factor[S::ROWS];
#pragma unroll
  for (int r = 0; r < S::ROWS; r++) {
    int row = group() * S::ROWS + r;
    factor[r] = 1.0f / denominator[r];
    if (row < tile.count && lane() == 0) {
      logSumExp[(firstToken + row) * heads.numHeads + head] = maximum[r] + logf(denominator[r]);
    }
  }
  real* outRow = out + firstToken * heads.outWidth() + (long)head * heads.headDim;
  store_rows<WIDTH>(outRow, heads.outWidth(), tile.count, heads.headDim, sum, factor);
}

// The kernels by the widest head they take, grid (T / TILE + numSegments, H).
// The least number of blocks per multiprocessor grants registers; ptxas alone aims at more blocks and
// spills.

extern "C" __global__ void __launch_bounds__(THREADS, 3) attention_forward_64(
    real* __restrict__ out,
    float* __restrict__ logSumExp,
    const real* __restrict__ qkv,
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
  attention<64>(shared, out, logSumExp, qkv, segments, numSegments, heads, scale);
}

extern "C" __global__ void __launch_bounds__(THREADS, 3) attention_forward_128(
    real* __restrict__ out,
    float* __restrict__ logSumExp,
    const real* __restrict__ qkv,
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
  attention<128>(shared, out, logSumExp, qkv, segments, numSegments, heads, scale);
}

extern "C" __global__ void __launch_bounds__(THREADS, 3) attention_forward_256(
    real* __restrict__ out,
    float* __restrict__ logSumExp,
    const real* __restrict__ qkv,
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
  attention<256>(shared, out, logSumExp, qkv, segments, numSegments, heads, scale);
}
