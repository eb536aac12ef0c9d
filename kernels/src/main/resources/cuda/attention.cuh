// Packed segments and the head layout, as all kernels over packed tokens read them.
//
// T tokens, H query heads, KV key/value heads, E headDim. A qkv row is (H + 2 KV) E wide: queries,
// keys, values. `segments` is (numSegments, 4): start, length, prefixStart, prefixLength.
#pragma once
#include "common.cuh"

// Stands for the score of a key that a query does not see.
#define HIDDEN_SCORE (-1e30f)

// Soft caps and windows are in the code only where it is compiled for them: other models keep their registers.
#if defined(SCORE4J_CAPPED)
#define CAPPED true
#else
#define CAPPED false
#endif

/** Head layout of a qkv row, and what limits attention. */
struct HeadLayout {
  int numHeads;
  int numKvHeads;
  int headDim;
  float softCap;  // of scaled scores, 0 for none
  int window;     // keys a query sees, itself included, 0 for all

  __device__ __forceinline__ bool capped() const { return CAPPED && softCap > 0.0f; }

  __device__ __forceinline__ bool windowed() const { return CAPPED && window > 0; }

  /** Index of the first key that a query sees, both counted from the start of the sequence. */
  __device__ __forceinline__ int firstKey(int query) const { return windowed() ? max(0, query - window + 1) : 0; }

  /** Whether a query sees a key at or before it, both counted from the start of the sequence. */
  __device__ __forceinline__ bool near(int query, int key) const { return !windowed() || query - key < window; }

  /** A scaled score, capped. */
  __device__ __forceinline__ float cap(float score) const {
    return capped() ? softCap * tanhf(score / softCap) : score;
  }

  /** Derivative of the cap where its value is `cappedScore`. */
  __device__ __forceinline__ float slope(float cappedScore) const {
    float tanh = capped() ? cappedScore / softCap : 0.0f;
    return (1.0f - tanh) * (1.0f + tanh);
  }

  /** Softmax weights of hidden scores are 0 even in a row that has seen no key yet. */
  __device__ __forceinline__ bool hides(float score) const { return windowed() && score <= HIDDEN_SCORE; }

  __device__ __forceinline__ int groupSize() const { return numHeads / numKvHeads; }

  /** Width of a qkv row; a query head starts at `head * headDim` in it. */
  __device__ __forceinline__ long rowWidth() const {
    return (long)(numHeads + 2 * numKvHeads) * headDim;
  }

  __device__ __forceinline__ long keyOffset(int kvHead) const {
    return (long)(numHeads + kvHead) * headDim;
  }

  __device__ __forceinline__ long valueOffset(int kvHead) const {
    return (long)(numHeads + numKvHeads + kvHead) * headDim;
  }

  /** Width of an output row. */
  __device__ __forceinline__ long outWidth() const { return (long)numHeads * headDim; }
};

/** One row of `segments`. */
struct Segment {
  int start;
  int length;
  int prefixStart;
  int prefixLength;
};

__device__ __forceinline__ Segment segment_at(const int* segments, int index) {
  const int* row = segments + 4L * index;
  return {row[0], row[1], row[2], row[3]};
}

/** Consecutive tokens of one segment that a block works on. */
struct Tile {
  Segment segment;
  int index;  // of the segment
  int first;  // of the tile's tokens, counted from the segment's start
  int count;  // of tokens, 0 where the grid is larger than the work
};

/**
 * The tile with number `number` when segments are cut into tiles of `rows` tokens.
 *
 * The host knows the numbers of tokens and of segments, not the lengths, so it launches
 * T / rows + numSegments tiles. Segment s gets the numbers from start_s / rows + s on: enough,
 * because floor((start + length) / rows) - floor(start / rows) + 1 >= ceil(length / rows). That
 * makes the segment of a number a binary search, without a plan in memory.
 */
__device__ __forceinline__ Tile find_tile(
    const int* segments, int numSegments, int rows, int number) {
  int low = 0;
  int high = numSegments - 1;
  while (low < high) {
    int middle = (low + high + 1) / 2;
    if (segments[4L * middle] / rows + middle <= number) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  Segment segment = segment_at(segments, low);
  int first = (number - segment.start / rows - low) * rows;
  return {segment, low, first, max(0, min(rows, segment.length - first))};
}

/**
 * Queries that see keys of a tile: the tile's own segment from the tile's first token on, or one
 * whole continuation of it.
 */
struct Readers {
  int segment;
  int first;  // token
  int count;  // of tokens, 0 where there are no more readers
};

__device__ __forceinline__ Readers first_readers(const Tile& tile, const HeadLayout& heads) {
  int count = tile.segment.length - tile.first;
  // The last query whose window reaches back to the tile's last key.
  count = heads.windowed() ? min(count, tile.count + heads.window - 1) : count;
  return {tile.index, tile.segment.start + tile.first, count};
}

/**
 * The next continuation that sees keys of the tile. Continuations of a segment follow it directly;
 * the next segment without a prefix ends them. A segment with a prefix has none.
 */
__device__ __forceinline__ Readers next_readers(
    const Readers& last, const Tile& tile, const HeadLayout& heads, const int* segments, int numSegments) {
  int begin = tile.segment.start + tile.first;
  int end = begin + tile.count;
  for (int s = last.segment + 1; s < numSegments && tile.segment.prefixLength == 0; s++) {
    Segment segment = segment_at(segments, s);
    if (segment.prefixLength == 0) {
      break;
    }
    bool seen = segment.prefixStart < end && segment.prefixStart + segment.prefixLength > begin;
    int count = segment.length;
    if (heads.windowed()) {
      int lastKey = min(end - segment.prefixStart, segment.prefixLength) - 1;
      count = min(count, heads.window + lastKey - segment.prefixLength);
    }
    if (count > 0 && seen) {
      return {s, segment.start, count};
    }
  }
  return {numSegments, 0, 0};
}

/** Which keys, as tokens, some readers see. */
struct Sight {
  bool own;   // those up to the query itself
  int begin;  // else the prefix
  int end;
  int shift;  // from the distance of a query and a key as tokens to their distance in the sequence

  __device__ __forceinline__ bool sees(int query, int key, const HeadLayout& heads) const {
    return heads.near(query + shift, key) && (own ? key <= query : key >= begin && key < end);
  }
};

__device__ __forceinline__ Sight sight_of(const Readers& readers, const Tile& tile, const int* segments) {
  Segment segment = segment_at(segments, readers.segment);
  bool own = readers.segment == tile.index;
  int end = segment.prefixStart + segment.prefixLength;
  return {own, segment.prefixStart, end, own ? 0 : end - segment.start};
}
