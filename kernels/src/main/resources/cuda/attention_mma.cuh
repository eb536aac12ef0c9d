// Tiles of rows in shared memory for the tensor-core attention kernels, headDim 64 and 128.
//
// A block is 4 warps and works on 64 rows, 16 to a warp; what it reads comes in tiles of 64 rows. A warp keeps its
// (16, columns) sums as the tensor cores do: n blocks of 8 columns in float[n][4], where a lane has columns 2t and
// 2t+1 of rows g and g+8 (see mma.cuh).
#pragma once
#include "attention.cuh"
#include "mma.cuh"

#define THREADS 128
#define TILE 64
#define LOG2_E 1.4426950408889634f
#define LN_2 0.6931471805599453f

/** Elements from one row of a tile to the next: 16 bytes more than a row, so that 8 rows meet all banks. */
template <int E>
__device__ constexpr int row_stride() {
  return E + 8;
}

template <int E>
__device__ constexpr int tile_elements() {
  return TILE * row_stride<E>();
}

/**
 * Starts copying `count` rows of E elements into a (TILE, E) tile; the rest becomes zero. Rows that are not
 * `aligned` to 16 bytes are copied at once.
 */
template <int E>
__device__ __forceinline__ void start_tile(bf16* tile, const bf16* rows, int stride, int count, bool aligned) {
  const int PIECES = E / 8;
#pragma unroll
  for (int i = (int)threadIdx.x; i < TILE * PIECES; i += THREADS) {
    int row = i / PIECES;
    int e = i % PIECES * 8;
    bool inside = row < count;
    const bf16* from = rows + (long)(inside ? row : 0) * stride + e;
    bf16* to = tile + row * row_stride<E>() + e;
    if (aligned) {
      copy_async(to, from, inside);
    } else {
      for (int j = 0; j < 8; j++) {
        to[j].bits = inside ? from[j].bits : (unsigned short)0;
      }
    }
  }
}

/** Writes two neighbouring elements. */
__device__ __forceinline__ void store_pair(bf16* to, float x, float y, bool aligned) {
  if (aligned) {
    *(unsigned*)to = round_to_bf16_pair(x, y);
  } else {
    from_float(x, to[0]);
    from_float(y, to[1]);
  }
}

/** Writes a warp's (16, E) sums, rows g and g+8 of the lane times their factors, to the first `count` rows. */
template <int E>
__device__ __forceinline__ void store_sums(
    bf16* rows, long stride, int count, const float (&sum)[E / 8][4], float low, float high, bool aligned) {
  int lane = (int)threadIdx.x % WARP;
  int row = (int)threadIdx.x / WARP * 16 + lane / 4;
  bf16* at = rows + row * stride + lane % 4 * 2;
#pragma unroll
  for (int n = 0; n < E / 8; n++) {
    if (row < count) {
      store_pair(at + n * 8, low * sum[n][0], low * sum[n][1], aligned);
    }
    if (row + 8 < count) {
      store_pair(at + 8 * stride + n * 8, high * sum[n][2], high * sum[n][3], aligned);
    }
  }
}

template <int N>
__device__ __forceinline__ void clear(float (&sum)[N][4]) {
#pragma unroll
  for (int n = 0; n < N; n++) {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      sum[n][i] = 0.0f;
    }
  }
}

/** `sum (16, 16) += a (16, E) b^T` for 16 rows b of a tile, with `a` in registers. */
template <int E>
__device__ __forceinline__ void multiply_rows(float (&sum)[2][4], const unsigned (&a)[E / 16][4], const bf16* b) {
#pragma unroll
  for (int step = 0; step < E / 16; step++) {
    unsigned columns[4];
    load_b(columns, b + step * 16, row_stride<E>());
    mma(sum[0], a[step], columns[0], columns[1]);
    mma(sum[1], a[step], columns[2], columns[3]);
  }
}

/** `sum (16, E) += a (16, 16) b` for 16 rows b of a tile. */
template <int E>
__device__ __forceinline__ void add_rows(float (&sum)[E / 8][4], const unsigned (&a)[4], const bf16* b) {
#pragma unroll
  for (int step = 0; step < E / 16; step++) {
    unsigned rows[4];
    load_b_rows(rows, b + step * 16, row_stride<E>());
    mma(sum[2 * step], a, rows[0], rows[1]);
    mma(sum[2 * step + 1], a, rows[2], rows[3]);
  }
}

/** (16, 16) sums as the operand `a` of the next product. */
__device__ __forceinline__ void as_operand(unsigned (&a)[4], const float (&sum)[2][4]) {
  a[0] = round_to_bf16_pair(sum[0][0], sum[0][1]);
  a[1] = round_to_bf16_pair(sum[0][2], sum[0][3]);
  a[2] = round_to_bf16_pair(sum[1][0], sum[1][1]);
  a[3] = round_to_bf16_pair(sum[1][2], sum[1][3]);
}

/** The warp's 16 rows of a tile as operands `a`. */
template <int E>
__device__ __forceinline__ void load_rows(unsigned (&a)[E / 16][4], const bf16* tile) {
  const bf16* rows = tile + (int)threadIdx.x / WARP * 16 * row_stride<E>();
#pragma unroll
  for (int step = 0; step < E / 16; step++) {
    load_a(a[step], rows + step * 16, row_stride<E>());
  }
}

/** Maximum over the 4 lanes that share rows. */
__device__ __forceinline__ float row_max(float x) {
  x = fmaxf(x, __shfl_xor_sync(FULL_MASK, x, 1));
  return fmaxf(x, __shfl_xor_sync(FULL_MASK, x, 2));
}

/** Sum over the 4 lanes that share rows. */
__device__ __forceinline__ float row_sum(float x) {
  x += __shfl_xor_sync(FULL_MASK, x, 1);
  return x + __shfl_xor_sync(FULL_MASK, x, 2);
}

/** The tiles of keys that a tile of queries sees: those of the prefix, then those of its own segment. */
struct KeyTiles {
  Tile queries;
  int prefixTiles;
  int tiles;
};

/** One of them. */
struct KeyTile {
  long token;
  int count;
  int base;  // index of the first key in the prefix or the segment
  bool own;
};

__device__ __forceinline__ KeyTiles key_tiles(const Tile& queries) {
  int prefixTiles = (queries.segment.prefixLength + TILE - 1) / TILE;
  return {queries, prefixTiles, prefixTiles + (queries.first + queries.count + TILE - 1) / TILE};
}

/** The number of the first tile that holds a key a query of the tile sees. */
__device__ __forceinline__ int first_key_tile(const KeyTiles& all, const HeadLayout& heads) {
  const Tile& queries = all.queries;
  int prefix = queries.segment.prefixLength;
  int index = heads.firstKey(prefix + queries.first);
  return index < prefix ? index / TILE : all.prefixTiles + (index - prefix) / TILE;
}

__device__ __forceinline__ KeyTile key_tile(const KeyTiles& all, int index) {
  bool own = index >= all.prefixTiles;
  int base = (own ? index - all.prefixTiles : index) * TILE;
  const Segment& segment = all.queries.segment;
  int keys = own ? all.queries.first + all.queries.count : segment.prefixLength;
  return {(long)(own ? segment.start : segment.prefixStart) + base, min(TILE, keys - base), base, own};
}
