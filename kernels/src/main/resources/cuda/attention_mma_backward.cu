// attention_backward.cu on the tensor cores, for headDim 64 and 128 in bfloat16: softmax weights and gradients of the
// scores are rounded to bfloat16 for the products that follow, everything else is in single precision.
#include "attention_mma.cuh"

#if defined(SCORE4J_BF16)

/** dQ for one tile of queries of one head. */
template <int E>
__device__ __forceinline__ void backward_queries(
    bf16* shared,
    bf16* dQkv,
    const bf16* dOut,
    const bf16* qkv,
    const float* logSumExp,
    const float* delta,
    const int* segments,
    int numSegments,
    HeadLayout heads,
    float scale) {
  Tile tile = find_tile(segments, numSegments, TILE, gridDim.x - 1 - blockIdx.x);
  if (tile.count == 0) {
    return;
  }
  int lane = (int)threadIdx.x % WARP;
  int warpRow = (int)threadIdx.x / WARP * 16;
  int row = warpRow + lane / 4;
  int head = blockIdx.y;
  int kvHead = head / heads.groupSize();
  long firstToken = tile.segment.start + tile.first;
  long rowWidth = heads.rowWidth();
  long queryAt = firstToken * rowWidth + (long)head * E;
  long outAt = firstToken * heads.outWidth() + (long)head * E;
  bool aligned = aligned16(qkv, dOut, dQkv);

  bf16* keys = shared;
  bf16* values = keys + 2 * tile_elements<E>();
  unsigned query[E / 16][4];
  unsigned dOutRows[E / 16][4];
  start_tile<E>(keys, qkv + queryAt, rowWidth, tile.count, aligned);
  start_tile<E>(values, dOut + outAt, heads.outWidth(), tile.count, aligned);
  commit_copies();
  wait_for_copies<0>();
  __syncthreads();
  load_rows<E>(query, keys);
  load_rows<E>(dOutRows, values);
  __syncthreads();

  float rowLse[2];
  float rowDelta[2];
#pragma unroll
  for (int half = 0; half < 2; half++) {
    // Rows beyond the tile are zero and give zero gradients.
    bool inside = row + 8 * half < tile.count;
    long at = (firstToken + row + 8 * half) * heads.numHeads + head;
    rowLse[half] = inside ? LOG2_E * logSumExp[at] : 0.0f;
    rowDelta[half] = inside ? delta[at] : 0.0f;
  }
  float factor = scale * LOG2_E;
  float sum[E / 8][4];
  clear(sum);

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
    // Keys that the warp's last row sees, and that its first row sees.
    int seen = now.own ? min(now.count, tile.first + warpRow + 16 - now.base) : now.count;
    int seenByAll = now.own ? min(now.count, tile.first + warpRow + 1 - now.base) : now.count;
    for (int first = 0; first < seen; first += 16) {
      float score[2][4];
      float dWeight[2][4];
      clear(score);
      clear(dWeight);
      multiply_rows<E>(score, query, keyTile + first * row_stride<E>());
      multiply_rows<E>(dWeight, dOutRows, valueTile + first * row_stride<E>());
#pragma unroll
      for (int n = 0; n < 2; n++) {
#pragma unroll
        for (int c = 0; c < 4; c++) {
          float slope = 1.0f;
          if (heads.capped()) {
            float capped = heads.cap(scale * score[n][c]);
            slope = heads.slope(capped);
            score[n][c] = capped / scale;
          }
          float weight = exp2f(fmaf(factor, score[n][c], -rowLse[c / 2]));
          score[n][c] = weight * (dWeight[n][c] - rowDelta[c / 2]) * slope;
        }
      }
      if (heads.windowed() || first + 16 > seenByAll) {
#pragma unroll
        for (int n = 0; n < 2; n++) {
#pragma unroll
          for (int c = 0; c < 4; c++) {
            int column = first + n * 8 + lane % 4 * 2 + c % 2;
            int rowSeen = now.own ? tile.first + row + c / 2 * 8 + 1 - now.base : TILE;
            int before = now.base + (now.own ? tile.segment.prefixLength : 0);
            int index = tile.segment.prefixLength + tile.first + row + c / 2 * 8;
            score[n][c] = column < min(now.count, rowSeen) && heads.near(index, before + column) ? score[n][c] : 0.0f;
          }
        }
      }
      unsigned dScores[4];
      as_operand(dScores, score);
      add_rows<E>(sum, dScores, keyTile + first * row_stride<E>());
    }
    __syncthreads();
  }
  store_sums<E>(dQkv + queryAt, rowWidth, tile.count, sum, scale, scale, aligned);
}

/** A tile of the queries that see a tile of keys. */
struct QueryTile {
  int head;
  int base;  // of the tile's queries, counted from the first reader
  Readers readers;
  Sight sight;
};

__device__ __forceinline__ QueryTile first_tile(
    int head, const Tile& keys, const HeadLayout& heads, const int* segments) {
  Readers readers = first_readers(keys, heads);
  return {head, 0, readers, sight_of(readers, keys, segments)};
}

/** The one after it: further queries of the same head, then the next head. */
__device__ __forceinline__ QueryTile next_tile(
    const QueryTile& last, const Tile& keys, const HeadLayout& heads, const int* segments, int numSegments) {
  if (last.base + TILE < last.readers.count) {
    return {last.head, last.base + TILE, last.readers, last.sight};
  }
  Readers readers = next_readers(last.readers, keys, heads, segments, numSegments);
  if (readers.count > 0) {
    return {last.head, 0, readers, sight_of(readers, keys, segments)};
  }
  return first_tile(last.head + 1, keys, heads, segments);
}

/** dK and dV for one tile of keys of one key/value head. Rows are keys, columns queries. */
template <int E>
__device__ __forceinline__ void backward_keys(
    bf16* shared,
    bf16* dQkv,
    const bf16* dOut,
    const bf16* qkv,
    const float* logSumExp,
    const float* delta,
    const int* segments,
    int numSegments,
    HeadLayout heads,
    float scale) {
  Tile found = find_tile(segments, numSegments, TILE, blockIdx.x);
  if (found.count == 0) {
    return;
  }
  // Kept here, not in registers, which are scarce: the tile of keys; the tile of queries computed with, the one that
  // arrives and the one after it.
  __shared__ Tile tile;
  __shared__ QueryTile schedule[3];
  if (threadIdx.x == 0) {
    tile = found;
    schedule[0] = first_tile(blockIdx.y * heads.groupSize(), found, heads, segments);
    schedule[1] = next_tile(schedule[0], found, heads, segments, numSegments);
  }
  int lane = (int)threadIdx.x % WARP;
  int warpRow = (int)threadIdx.x / WARP * 16;
  int kvHead = blockIdx.y;
  int firstToken = found.segment.start + found.first;
  int rowWidth = (int)heads.rowWidth();
  int outWidth = (int)heads.outWidth();
  long keyAt = (long)firstToken * rowWidth + heads.keyOffset(kvHead);
  long valueAt = (long)firstToken * rowWidth + heads.valueOffset(kvHead);
  bool aligned = aligned16(qkv, dOut, dQkv);

  bf16* queries = shared;
  bf16* dOuts = queries + 2 * tile_elements<E>();
  float* statistics = (float*)(dOuts + 2 * tile_elements<E>());  // 2 x (logSumExp, delta) of TILE queries
  unsigned key[E / 16][4];
  unsigned value[E / 16][4];
  start_tile<E>(queries, qkv + keyAt, rowWidth, found.count, aligned);
  start_tile<E>(dOuts, qkv + valueAt, rowWidth, found.count, aligned);
  commit_copies();
  wait_for_copies<0>();
  __syncthreads();
  load_rows<E>(key, queries);
  load_rows<E>(value, dOuts);
  __syncthreads();

  float factor = scale * LOG2_E;
  float dKey[E / 8][4];
  float dValue[E / 8][4];
  clear(dKey);
  clear(dValue);

  int lastHead = (kvHead + 1) * heads.groupSize();
  for (int i = -1; i < 0 || schedule[i % 3].head < lastHead; i++) {
    const QueryTile& next = schedule[(i + 1) % 3];
    if (next.head < lastHead) {
      int stage = (i + 1) % 2;
      long token = next.readers.first + next.base;
      int count = next.readers.count - next.base;
      const bf16* rows = qkv + token * rowWidth + (long)next.head * E;
      const bf16* dOutRows = dOut + token * outWidth + (long)next.head * E;
      start_tile<E>(queries + stage * tile_elements<E>(), rows, rowWidth, count, aligned);
      start_tile<E>(dOuts + stage * tile_elements<E>(), dOutRows, outWidth, count, aligned);
      int column = (int)threadIdx.x % TILE;
      bool inside = column < count;
      const float* from = (int)threadIdx.x < TILE ? logSumExp : delta;
      // Queries beyond the tile are zero; with zeros here too they give zero gradients.
      copy_word_async(
          statistics + stage * THREADS + threadIdx.x,
          from + (token + (inside ? column : 0)) * heads.numHeads + next.head,
          inside);
    }
    commit_copies();
    if (i >= 0) {
      const QueryTile& now = schedule[i % 3];
      if (threadIdx.x == 0 && next.head < lastHead) {
        schedule[(i + 2) % 3] = next_tile(next, tile, heads, segments, numSegments);
      }
      wait_for_copies<1>();
      __syncthreads();
      const bf16* queryTile = queries + i % 2 * tile_elements<E>();
      const bf16* dOutTile = dOuts + i % 2 * tile_elements<E>();
      const float* columnLse = statistics + i % 2 * THREADS;
      const float* columnDelta = columnLse + TILE;
      int token = now.readers.first + now.base;
      int count = min(TILE, now.readers.count - now.base);
      Sight sight = now.sight;
      bool partial = heads.windowed() ||
          (sight.own ? token < firstToken + TILE : sight.begin > firstToken || sight.end < firstToken + TILE);
      // Earlier queries of the segment see none of the warp's keys.
      int begin = sight.own ? max(0, firstToken + warpRow - token) : 0;
      for (int first = begin; first < count; first += 16) {
        float weight[2][4];
        float dScore[2][4];
        clear(weight);
        clear(dScore);
        multiply_rows<E>(weight, key, queryTile + first * row_stride<E>());
        multiply_rows<E>(dScore, value, dOutTile + first * row_stride<E>());
#pragma unroll
        for (int n = 0; n < 2; n++) {
#pragma unroll
          for (int c = 0; c < 4; c++) {
            int column = first + n * 8 + lane % 4 * 2 + c % 2;
            float slope = 1.0f;
            if (heads.capped()) {
              float capped = heads.cap(scale * weight[n][c]);
              slope = heads.slope(capped);
              weight[n][c] = capped / scale;
            }
            weight[n][c] = exp2f(fmaf(factor, weight[n][c], -LOG2_E * columnLse[column]));
            if (partial && !sight.sees(token + column, firstToken + warpRow + lane / 4 + c / 2 * 8, heads)) {
              weight[n][c] = 0.0f;
            }
            dScore[n][c] = weight[n][c] * (dScore[n][c] - columnDelta[column]) * slope;
          }
        }
        unsigned operand[4];
        as_operand(operand, weight);
        add_rows<E>(dValue, operand, dOutTile + first * row_stride<E>());
        as_operand(operand, dScore);
        add_rows<E>(dKey, operand, queryTile + first * row_stride<E>());
      }
      __syncthreads();
    }
  }
  store_sums<E>(dQkv + keyAt, rowWidth, tile.count, dKey, scale, scale, aligned);
  store_sums<E>(dQkv + valueAt, rowWidth, tile.count, dValue, 1.0f, 1.0f, aligned);
}

// The kernels by headDim, grid (T / TILE + numSegments, H) for queries and (T / TILE + numSegments, KV) for keys.

extern "C" __global__ void __launch_bounds__(THREADS, 3) attention_mma_backward_queries_64(
    bf16* __restrict__ dQkv,
    const bf16* __restrict__ dOut,
    const bf16* __restrict__ qkv,
    const float* __restrict__ logSumExp,
    const float* __restrict__ delta,
    const int* __restrict__ segments,
    int numSegments,
    int numHeads,
    int numKvHeads,
    float scale,
    float softCap,
    int window) {
  extern __shared__ uint4 shared[];
  HeadLayout heads = {numHeads, numKvHeads, 64, softCap, window};
  backward_queries<64>(
      (bf16*)shared, dQkv, dOut, qkv, logSumExp, delta, segments, numSegments, heads, scale);
}

extern "C" __global__ void __launch_bounds__(THREADS, 3) attention_mma_backward_keys_64(
    bf16* __restrict__ dQkv,
    const bf16* __restrict__ dOut,
    const bf16* __restrict__ qkv,
    const float* __restrict__ logSumExp,
    const float* __restrict__ delta,
    const int* __restrict__ segments,
    int numSegments,
    int numHeads,
    int numKvHeads,
    float scale,
    float softCap,
    int window) {
  extern __shared__ uint4 shared[];
  HeadLayout heads = {numHeads, numKvHeads, 64, softCap, window};
  backward_keys<64>(
      (bf16*)shared, dQkv, dOut, qkv, logSumExp, delta, segments, numSegments, heads, scale);
}

extern "C" __global__ void __launch_bounds__(THREADS, 2) attention_mma_backward_queries_128(
    bf16* __restrict__ dQkv,
    const bf16* __restrict__ dOut,
    const bf16* __restrict__ qkv,
    const float* __restrict__ logSumExp,
    const float* __restrict__ delta,
    const int* __restrict__ segments,
    int numSegments,
    int numHeads,
    int numKvHeads,
    float scale,
    float softCap,
    int window) {
  extern __shared__ uint4 shared[];
  HeadLayout heads = {numHeads, numKvHeads, 128, softCap, window};
  backward_queries<128>(
      (bf16*)shared, dQkv, dOut, qkv, logSumExp, delta, segments, numSegments, heads, scale);
}

extern "C" __global__ void __launch_bounds__(THREADS, 2) attention_mma_backward_keys_128(
    bf16* __restrict__ dQkv,
    const bf16* __restrict__ dOut,
    const bf16* __restrict__ qkv,
    const float* __restrict__ logSumExp,
    const float* __restrict__ delta,
    const int* __restrict__ segments,
    int numSegments,
    int numHeads,
    int numKvHeads,
    float scale,
    float softCap,
    int window) {
  extern __shared__ uint4 shared[];
  HeadLayout heads = {numHeads, numKvHeads, 128, softCap, window};
  backward_keys<128>(
      (bf16*)shared, dQkv, dOut, qkv, logSumExp, delta, segments, numSegments, heads, scale);
}

#endif
