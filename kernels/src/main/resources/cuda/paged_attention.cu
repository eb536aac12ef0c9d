// The paged KV cache: appending, copying pages, and attention of new tokens against it, split over
// the keys (flash decoding). Any even headDim up to 256, either precision, on the CUDA cores;
// paged_attention_mma.cu has the tensor-core kernel.
//
// Page layout: (page, key/value head, offset in the page, headDim), so that what one block reads of
// a page lies together.
#include "attention.cuh"

#define PAGE_TOKENS 16
#define WARPS 4
#define THREADS (32 * WARPS)
// Keys a warp takes at once, one per lane.
#define STEP_KEYS 32
// Query heads a block serves; a larger group is served by several blocks, which read the keys again.
#define BLOCK_HEADS 8

/** Where the keys of a page for one head start, in elements. */
__device__ __forceinline__ long page_offset(long page, int kvHead, HeadLayout heads) {
  return (page * heads.numKvHeads + kvHead) * PAGE_TOKENS * (long)heads.headDim;
}

/** Writes keys and values of new tokens to their slots. Grid (T), one block per token. */
extern "C" __global__ void append_kv(
    real* kPages,
    real* vPages,
    const real* qkv,
    const int* slots,
    int numHeads,
    int numKvHeads,
    int headDim) {
  HeadLayout heads = {numHeads, numKvHeads, headDim, 0.0f, 0};
  int slot = slots[blockIdx.x];
  const real* row = qkv + blockIdx.x * heads.rowWidth();
  for (int i = threadIdx.x; i < numKvHeads * headDim; i += blockDim.x) {
    int kvHead = i / headDim;
    int e = i % headDim;
    long at = page_offset(slot / PAGE_TOKENS, kvHead, heads) + slot % PAGE_TOKENS * headDim + e;
    kPages[at] = row[heads.keyOffset(kvHead) + e];
    vPages[at] = row[heads.valueOffset(kvHead) + e];
  }
}

/** Copies page `from[i]` to page `to[i]`. Grid (n), one block per page. */
extern "C" __global__ void copy_pages(
    real* kPages, real* vPages, const int* from, const int* to, long pageElements) {
  long source = from[blockIdx.x] * pageElements;
  long target = to[blockIdx.x] * pageElements;
  for (long i = threadIdx.x; i < pageElements; i += blockDim.x) {
    kPages[target + i] = kPages[source + i];
    vPages[target + i] = vPages[source + i];
  }
}

/**
 * One split of the keys of one row, for up to BLOCK_HEADS query heads that share a key/value head.
 * Every warp takes STEP_KEYS keys in turn: a lane computes the scores of one key, then the lanes
 * share the elements of the values. The warps meet only at the end.
 */
template <int WIDTH>
__device__ __forceinline__ void attend_pages(
    float* shared,
    real* out,
    float* partialOut,
    float* partialStats,
    const real* qkv,
    const real* kPages,
    const real* vPages,
    const int* pageTable,
    int length,
    HeadLayout heads,
    float scale) {
  const int ELEMENTS = WIDTH / 32;
  int warp = threadIdx.x / 32;
  int lane = threadIdx.x % 32;
  long row = blockIdx.x;
  int headBlocks = (heads.groupSize() + BLOCK_HEADS - 1) / BLOCK_HEADS;
  int kvHead = blockIdx.y / headBlocks;
  int inGroup = blockIdx.y % headBlocks * BLOCK_HEADS;
  int firstHead = kvHead * heads.groupSize() + inGroup;
  int count = min(BLOCK_HEADS, heads.groupSize() - inGroup);
  int headDim = heads.headDim;

  float* queries = shared;                               // (BLOCK_HEADS, WIDTH)
  float* weights = queries + BLOCK_HEADS * WIDTH;        // (WARPS, BLOCK_HEADS, STEP_KEYS)
  float* maxima = weights + WARPS * BLOCK_HEADS * STEP_KEYS;  // (WARPS, BLOCK_HEADS)
  float* sums = maxima + WARPS * BLOCK_HEADS;            // (WARPS, BLOCK_HEADS)
  float* outs = sums + WARPS * BLOCK_HEADS;              // (WARPS, BLOCK_HEADS, WIDTH)
  const real* query = qkv + row * heads.rowWidth() + (long)firstHead * headDim;
  for (int i = threadIdx.x; i < BLOCK_HEADS * WIDTH; i += THREADS) {
    int h = i / WIDTH;
    int e = i % WIDTH;
    queries[i] = h < count && e < headDim ? scale * to_float(query[h * headDim + e]) : 0.0f;
  }
  __syncthreads();

  float sum[BLOCK_HEADS][ELEMENTS];
  float maximum[BLOCK_HEADS];
  float denominator[BLOCK_HEADS];
#pragma unroll
  for (int h = 0; h < BLOCK_HEADS; h++) {
    maximum[h] = HIDDEN_SCORE;
    denominator[h] = 0.0f;
#pragma unroll
    for (int e = 0; e < ELEMENTS; e++) {
      sum[h][e] = 0.0f;
    }
  }
  int firstKey = heads.firstKey(length - 1);
  int firstStep = firstKey / STEP_KEYS;
  int steps = (length + STEP_KEYS - 1) / STEP_KEYS;
  int stepsPerSplit = (steps - firstStep + gridDim.z - 1) / gridDim.z;
  int lastStep = min(steps, firstStep + (int)(blockIdx.z + 1) * stepsPerSplit);
  float* ownWeights = weights + warp * BLOCK_HEADS * STEP_KEYS;
  for (int step = firstStep + blockIdx.z * stepsPerSplit + warp; step < lastStep; step += WARPS) {
    int key = step * STEP_KEYS + lane;
    bool visible = key < length && heads.near(length - 1, key);
    float score[BLOCK_HEADS];
#pragma unroll
    for (int h = 0; h < BLOCK_HEADS; h++) {
      score[h] = 0.0f;
    }
    if (visible) {
      long at = page_offset(pageTable[key / PAGE_TOKENS], kvHead, heads);
      const real* keyRow = kPages + at + key % PAGE_TOKENS * headDim;
      for (int e = 0; e < headDim; e++) {
        float k = to_float(keyRow[e]);
#pragma unroll
        for (int h = 0; h < BLOCK_HEADS; h++) {
          score[h] = fmaf(queries[h * WIDTH + e], k, score[h]);
        }
      }
    }
    __syncwarp();
#pragma unroll
    for (int h = 0; h < BLOCK_HEADS; h++) {
      // Some key of a step is visible, so the maximum is a real score.
      score[h] = heads.cap(score[h]);
      float stepMax = fmaxf(maximum[h], warp_max(visible ? score[h] : HIDDEN_SCORE));
      float correction = expf(maximum[h] - stepMax);
      float weight = visible ? expf(score[h] - stepMax) : 0.0f;
      maximum[h] = stepMax;
      denominator[h] = denominator[h] * correction + warp_sum(weight);
      ownWeights[h * STEP_KEYS + lane] = weight;
#pragma unroll
      for (int e = 0; e < ELEMENTS; e++) {
        sum[h][e] *= correction;
      }
    }
    __syncwarp();
    int keys = min(STEP_KEYS, length - step * STEP_KEYS);
    for (int k = 0; k < keys; k++) {
      int index = step * STEP_KEYS + k;
      long at = page_offset(pageTable[index / PAGE_TOKENS], kvHead, heads);
      const real* valueRow = vPages + at + index % PAGE_TOKENS * headDim;
#pragma unroll
      for (int e = 0; e < ELEMENTS; e++) {
        int element = lane + 32 * e;
        float value = element < headDim ? to_float(valueRow[element]) : 0.0f;
#pragma unroll
        for (int h = 0; h < BLOCK_HEADS; h++) {
          sum[h][e] = fmaf(ownWeights[h * STEP_KEYS + k], value, sum[h][e]);
        }
      }
    }
  }
#pragma unroll
  for (int h = 0; h < BLOCK_HEADS; h++) {
    if (lane == 0) {
      maxima[warp * BLOCK_HEADS + h] = maximum[h];
      sums[warp * BLOCK_HEADS + h] = denominator[h];
    }
#pragma unroll
    for (int e = 0; e < ELEMENTS; e++) {
      outs[(warp * BLOCK_HEADS + h) * WIDTH + lane + 32 * e] = sum[h][e];
    }
  }
  __syncthreads();
  for (int h = 0; h < count; h++) {
    float blockMax = HIDDEN_SCORE;
    for (int w = 0; w < WARPS; w++) {
      blockMax = fmaxf(blockMax, maxima[w * BLOCK_HEADS + h]);
    }
    float blockSum = 0.0f;
    float factor[WARPS];
#pragma unroll
    for (int w = 0; w < WARPS; w++) {
      factor[w] = expf(maxima[w * BLOCK_HEADS + h] - blockMax);
      blockSum += factor[w] * sums[w * BLOCK_HEADS + h];
    }
    long at = row * heads.numHeads + firstHead + h;
    for (int e = threadIdx.x; e < headDim; e += THREADS) {
      float value = 0.0f;
#pragma unroll
      for (int w = 0; w < WARPS; w++) {
        value = fmaf(factor[w], outs[(w * BLOCK_HEADS + h) * WIDTH + e], value);
      }
      if (gridDim.z == 1) {
        store_one(&out[at * headDim + e], value / blockSum);
      } else {
        partialOut[(at * gridDim.z + blockIdx.z) * headDim + e] = value;
      }
    }
    if (gridDim.z > 1 && threadIdx.x == 0) {
      partialStats[(at * gridDim.z + blockIdx.z) * 2] = blockMax;
      partialStats[(at * gridDim.z + blockIdx.z) * 2 + 1] = blockSum;
    }
  }
}

/** Joins the splits of each row and query head in their order. Grid (T, H). */
extern "C" __global__ void paged_attention_join(
    real* __restrict__ out,
    const float* __restrict__ partialOut,
    const float* __restrict__ partialStats,
    int splits,
    int headDim) {
  long at = blockIdx.x * (long)gridDim.y + blockIdx.y;
  const float* stats = partialStats + at * splits * 2;
  float maximum = HIDDEN_SCORE;
  for (int s = 0; s < splits; s++) {
    maximum = fmaxf(maximum, stats[2 * s]);
  }
  float denominator = 0.0f;
  for (int s = 0; s < splits; s++) {
    denominator = fmaf(expf(stats[2 * s] - maximum), stats[2 * s + 1], denominator);
  }
  for (int e = threadIdx.x; e < headDim; e += blockDim.x) {
    float value = 0.0f;
    for (int s = 0; s < splits; s++) {
      float factor = expf(stats[2 * s] - maximum);
      value = fmaf(factor, partialOut[(at * splits + s) * headDim + e], value);
    }
    store_one(&out[at * headDim + e], value / denominator);
  }
}

// The kernels by the widest head they take, grid (T, KV x blocks per group, splits). The partial
// results, (T, H, splits, headDim) and (T, H, splits, 2), are used where there are several splits.
// The least number of blocks per multiprocessor grants registers; ptxas alone aims at more blocks and
// spills.

extern "C" __global__ void __launch_bounds__(THREADS, 4) paged_attention_64(
    real* __restrict__ out,
    float* __restrict__ partialOut,
    float* __restrict__ partialStats,
    const real* __restrict__ qkv,
    const real* __restrict__ kPages,
    const real* __restrict__ vPages,
    const int* __restrict__ pageTables,
    const int* __restrict__ rowSequence,
    const int* __restrict__ rowLength,
    int maxPages,
    int numHeads,
    int numKvHeads,
    int headDim,
    float scale,
    float softCap,
    int window) {
  extern __shared__ float shared[];
  HeadLayout heads = {numHeads, numKvHeads, headDim, softCap, window};
  const int* pageTable = pageTables + (long)rowSequence[blockIdx.x] * maxPages;
  int length = rowLength[blockIdx.x];
  attend_pages<64>(
      shared, out, partialOut, partialStats, qkv, kPages, vPages, pageTable, length, heads, scale);
}

extern "C" __global__ void __launch_bounds__(THREADS, 4) paged_attention_128(
    real* __restrict__ out,
    float* __restrict__ partialOut,
    float* __restrict__ partialStats,
    const real* __restrict__ qkv,
    const real* __restrict__ kPages,
    const real* __restrict__ vPages,
    const int* __restrict__ pageTables,
    const int* __restrict__ rowSequence,
    const int* __restrict__ rowLength,
    int maxPages,
    int numHeads,
    int numKvHeads,
    int headDim,
    float scale,
    float softCap,
    int window) {
  extern __shared__ float shared[];
  HeadLayout heads = {numHeads, numKvHeads, headDim, softCap, window};
  const int* pageTable = pageTables + (long)rowSequence[blockIdx.x] * maxPages;
  int length = rowLength[blockIdx.x];
  attend_pages<128>(
      shared, out, partialOut, partialStats, qkv, kPages, vPages, pageTable, length, heads, scale);
}

extern "C" __global__ void __launch_bounds__(THREADS, 3) paged_attention_256(
    real* __restrict__ out,
    float* __restrict__ partialOut,
    float* __restrict__ partialStats,
    const real* __restrict__ qkv,
    const real* __restrict__ kPages,
    const real* __restrict__ vPages,
    const int* __restrict__ pageTables,
    const int* __restrict__ rowSequence,
    const int* __restrict__ rowLength,
    int maxPages,
    int numHeads,
    int numKvHeads,
    int headDim,
    float scale,
    float softCap,
    int window) {
  extern __shared__ float shared[];
  HeadLayout heads = {numHeads, numKvHeads, headDim, softCap, window};
  const int* pageTable = pageTables + (long)rowSequence[blockIdx.x] * maxPages;
  int length = rowLength[blockIdx.x];
  attend_pages<256>(
      shared, out, partialOut, partialStats, qkv, kPages, vPages, pageTable, length, heads, scale);
}
