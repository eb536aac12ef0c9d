// Packed segments and the head layout, as all kernels over packed tokens read them.
//
// T tokens, H query heads, KV key/value heads, E headDim. A qkv row is (H + 2 KV) E wide: queries,
// keys, values. `segments` is (numSegments, 4): start, length, prefixStart, prefixLength.
#pragma once
#include "common.cuh"

// Stands for the score of a key that a query does not see.
#define HIDDEN_SCORE (-1e30f)

/** Head layout of a qkv row. */
struct HeadLayout {
  int numHeads;
  int numKvHeads;
  int headDim;

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

__device__ __forceinline__ Readers first_readers(const Tile& tile) {
  return {tile.index, tile.segment.start + tile.first, tile.segment.length - tile.first};
}

/**
 * The next continuation that sees keys of the tile. Continuations of a segment follow it directly;
 * the next segment without a prefix ends them. A segment with a prefix has none.
 */
__device__ __forceinline__ Readers next_readers(
    const Readers& last, const Tile& tile, const int* segments, int numSegments) {
  int begin = tile.segment.start + tile.first;
  int end = begin + tile.count;
  for (int s = last.segment + 1; s < numSegments && tile.segment.prefixLength == 0; s++) {
    Segment segment = segment_at(segments, s);
    if (segment.prefixLength == 0) {
      break;
    }
    bool seen = segment.prefixStart < end && segment.prefixStart + segment.prefixLength > begin;
    if (segment.length > 0 && seen) {
      return {s, segment.start, segment.length};
    }
  }
  return {numSegments, 0, 0};
}

/** Which keys, as tokens, some readers see. */
struct Sight {
  bool own;   // those up to the query itself
  int begin;  // else the prefix
  int end;

  __device__ __forceinline__ bool sees(int query, int key) const {
    return own ? key <= query : key >= begin && key < end;
  }
};

__device__ __forceinline__ Sight sight_of(const Readers& readers, const Tile& tile, const int* segments) {
  Segment segment = segment_at(segments, readers.segment);
  bool own = readers.segment == tile.index;
  return {own, segment.prefixStart, segment.prefixStart + segment.prefixLength};
}
