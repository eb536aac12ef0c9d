// attention.cu on the tensor cores, for headDim 64 and 128 in bfloat16: scores and sums in single precision, softmax
// weights rounded to bfloat16 for the product with the values.
#include "attention_mma.cuh"

#if defined(SCORE4J_BF16)

/** Forward for one tile of queries of one head. */
template <int E>
__device__ __forceinline__ void attention(
    bf16* shared,
    bf16* out,
    float* logSumExp,
    const bf16* qkv,
    const int* segments,
    int numSegments,
    HeadLayout heads,
    float scale) {
  // The later tiles of a segment have more keys; they go first, so that no long block is left over.
  Tile tile = find_tile(segments, numSegments, TILE, gridDim.x - 1 - blockIdx.x);
  if (tile.count == 0) {
    return;
  }
  int lane = (int)threadIdx.x % WARP;
  int row = (int)threadIdx.x / WARP * 16 + lane / 4;
  int head = blockIdx.y;
  int kvHead = head / heads.groupSize();
  long firstToken = tile.segment.start + tile.first;
  long rowWidth = heads.rowWidth();
  bool aligned = aligned16(qkv, out);

  // Keys and values of two tiles: one is computed with while the other arrives.
  bf16* keys = shared;
  bf16* values = keys + 2 * tile_elements<E>();
  unsigned query[E / 16][4];
  start_tile<E>(keys, qkv + firstToken * rowWidth + (long)head * E, rowWidth, tile.count, aligned);
  commit_copies();
  wait_for_copies<0>();
  __syncthreads();
  load_rows<E>(query, keys);
  __syncthreads();

  float sum[E / 8][4];
  clear(sum);
  // Rows g and g+8 of the lane. Scores are compared before scaling; weights are powers of two.
  float maximum[2] = {HIDDEN_SCORE, HIDDEN_SCORE};
  float denominator[2] = {0.0f, 0.0f};
  float factor = scale * LOG2_E;

  KeyTiles all = key_tiles(tile);
  int begin = CAPPED ? first_key_tile(all, heads) : 0;
  for (int i = begin - 1; i < all.tiles; i++) {
    if (i + 1 < all.tiles) {
      KeyTile next = key_tile(all, i + 1);
      const bf16* rows = qkv + next.token * rowWidth;
      int at = (i + 1) % 2 * tile_elements<E>();
      start_tile<E>(keys + at, rows + heads.keyOffset(kvHead), rowWidth, next.count, aligned);
      start_tile<E>(values + at, rows + heads.valueOffset(kvHead), rowWidth, next.count, aligned);
    }
    commit_copies();
    if (i < begin) {
      continue;
    }
    wait_for_copies<1>();
    __syncthreads();
    KeyTile now = key_tile(all, i);
    const bf16* keyTile = keys + i % 2 * tile_elements<E>();
    const bf16* valueTile = values + i % 2 * tile_elements<E>();

    float score[TILE / 8][4];
    clear(score);
#pragma unroll
    for (int step = 0; step < E / 16; step++) {
#pragma unroll
      for (int n = 0; n < TILE / 16; n++) {
        unsigned columns[4];
        load_b(columns, keyTile + n * 16 * row_stride<E>() + step * 16, row_stride<E>());
        mma(score[2 * n], query[step], columns[0], columns[1]);
        mma(score[2 * n + 1], query[step], columns[2], columns[3]);
      }
    }
    if (heads.capped()) {
#pragma unroll
      for (int n = 0; n < TILE / 8; n++) {
#pragma unroll
        for (int c = 0; c < 4; c++) {
          score[n][c] = heads.cap(scale * score[n][c]) / scale;
        }
      }
    }
    if (heads.windowed() || now.count < TILE || (now.own && now.base + TILE > tile.first + 1)) {
#pragma unroll
      for (int n = 0; n < TILE / 8; n++) {
#pragma unroll
        for (int c = 0; c < 4; c++) {
          int column = n * 8 + lane % 4 * 2 + c % 2;
          int seen = now.own ? min(now.count, tile.first + row + c / 2 * 8 + 1 - now.base) : now.count;
          int before = now.base + (now.own ? tile.segment.prefixLength : 0);
          int index = tile.segment.prefixLength + tile.first + row + c / 2 * 8;
          score[n][c] = column < seen && heads.near(index, before + column) ? score[n][c] : HIDDEN_SCORE;
        }
      }
    }
#pragma unroll
    for (int half = 0; half < 2; half++) {
      float tileMax = maximum[half];
#pragma unroll
      for (int n = 0; n < TILE / 8; n++) {
        tileMax = fmaxf(tileMax, fmaxf(score[n][2 * half], score[n][2 * half + 1]));
      }
      // Without a window every row sees the first key of its first tile, so the maximum is a real score.
      tileMax = row_max(tileMax);
      float correction = exp2f(factor * (maximum[half] - tileMax));
      maximum[half] = tileMax;
      denominator[half] *= correction;
#pragma unroll
      for (int n = 0; n < TILE / 8; n++) {
#pragma unroll
        for (int c = 2 * half; c < 2 * half + 2; c++) {
          score[n][c] = heads.hides(score[n][c]) ? 0.0f : exp2f(factor * (score[n][c] - tileMax));
          denominator[half] += score[n][c];
        }
      }
#pragma unroll
      for (int n = 0; n < E / 8; n++) {
        sum[n][2 * half] *= correction;
        sum[n][2 * half + 1] *= correction;
      }
    }
#pragma unroll
    for (int n = 0; n < TILE / 16; n++) {
      float pair[2][4];
#pragma unroll
      for (int c = 0; c < 4; c++) {
        pair[0][c] = score[2 * n][c];
        pair[1][c] = score[2 * n + 1][c];
      }
      unsigned weights[4];
      as_operand(weights, pair);
      add_rows<E>(sum, weights, valueTile + n * 16 * row_stride<E>());
    }
    __syncthreads();
  }

  float inverse[2];
#pragma unroll
  for (int half = 0; half < 2; half++) {
    denominator[half] = row_sum(denominator[half]);
    inverse[half] = 1.0f / denominator[half];
    int query = row + half * 8;
    if (query < tile.count && lane % 4 == 0) {
      logSumExp[(firstToken + query) * heads.numHeads + head] = scale * maximum[half] + logf(denominator[half]);
    }
  }
  store_sums<E>(
      out + firstToken * heads.outWidth() + (long)head * E,
      heads.outWidth(),
      tile.count,
      sum,
      inverse[0],
      inverse[1],
      aligned);
}

// The kernels by headDim, grid (T / TILE + numSegments, H).

extern "C" __global__ void __launch_bounds__(THREADS, 3) attention_mma_forward_64(
    bf16* __restrict__ out,
    float* __restrict__ logSumExp,
    const bf16* __restrict__ qkv,
    const int* __restrict__ segments,
    int numSegments,
    int numHeads,
    int numKvHeads,
    float scale,
    float softCap,
    int window) {
  extern __shared__ uint4 shared[];
  HeadLayout heads = {numHeads, numKvHeads, 64, softCap, window};
  attention<64>((bf16*)shared, out, logSumExp, qkv, segments, numSegments, heads, scale);
}

extern "C" __global__ void __launch_bounds__(THREADS, 2) attention_mma_forward_128(
    bf16* __restrict__ out,
    float* __restrict__ logSumExp,
    const bf16* __restrict__ qkv,
    const int* __restrict__ segments,
    int numSegments,
    int numHeads,
    int numKvHeads,
    float scale,
    float softCap,
    int window) {
  extern __shared__ uint4 shared[];
  HeadLayout heads = {numHeads, numKvHeads, 128, softCap, window};
  attention<128>((bf16*)shared, out, logSumExp, qkv, segments, numSegments, heads, scale);
}

#endif
