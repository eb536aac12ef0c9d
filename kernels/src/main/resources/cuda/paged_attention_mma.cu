// Attention against the paged cache (see paged_attention.cu) on the tensor cores, for headDim 64 and 128 in bfloat16.
//
// A warp takes one page at a time and multiplies it with up to 16 queries: the query heads that share a key/value
// head, and as many neighbouring rows of the same sequence as fit beside them. Keys and values go from memory straight
// to the registers of the products, 16 bytes per load. For that the elements of a head are taken in an order of our
// own, which no sum over them notices: in queries and keys lane t has elements 32 j + 8 t .. + 7, two for each quarter
// of the products 2 j and 2 j + 1; in values lane g has columns 64 j + 8 g .. + 7, one for each of 8 products.
#include "attention.cuh"
#include "mma.cuh"

#if defined(SCORE4J_BF16)

#define PAGE_TOKENS 16
#define WARPS 4
#define THREADS (WARPS * WARP)
// Queries of a product.
#define QUERIES 16
#define LOG2_E 1.4426950408889634f

/** 8 elements, or zeros where `inside` is false. */
__device__ __forceinline__ uint4 load_eight(const bf16* from, bool inside, bool aligned) {
  if (!inside) {
    return make_uint4(0, 0, 0, 0);
  }
  if (aligned) {
    return *(const uint4*)from;
  }
  unsigned words[4];
#pragma unroll
  for (int i = 0; i < 4; i++) {
    words[i] = from[2 * i].bits | (unsigned)from[2 * i + 1].bits << 16;
  }
  return make_uint4(words[0], words[1], words[2], words[3]);
}

__device__ __forceinline__ unsigned low_halves(unsigned first, unsigned second) {
  return (first & 0xFFFFu) | second << 16;
}

__device__ __forceinline__ unsigned high_halves(unsigned first, unsigned second) {
  return first >> 16 | (second & 0xFFFF0000u);
}

/** Two columns of values, `keys` holding one word of keys 2t, 2t+1, 2t+8 and 2t+9. */
__device__ __forceinline__ void add_columns(
    float (&low)[4], float (&high)[4], const unsigned (&weights)[4], unsigned k0, unsigned k1, unsigned k2, unsigned k3) {
  mma(low, weights, low_halves(k0, k1), low_halves(k2, k3));
  mma(high, weights, high_halves(k0, k1), high_halves(k2, k3));
}

__device__ __forceinline__ float row_max(float x) {
  x = fmaxf(x, __shfl_xor_sync(FULL_MASK, x, 1));
  return fmaxf(x, __shfl_xor_sync(FULL_MASK, x, 2));
}

__device__ __forceinline__ float row_sum(float x) {
  x += __shfl_xor_sync(FULL_MASK, x, 1);
  return x + __shfl_xor_sync(FULL_MASK, x, 2);
}

/** What all blocks of a launch share. */
struct Cache {
  bf16* out;
  float* partialOut;
  float* partialStats;
  const bf16* qkv;
  const bf16* kPages;
  const bf16* vPages;
  const int* pageTables;
  const int* rowSequence;
  const int* rowLength;
  int maxPages;
  HeadLayout heads;
  float scale;
};

/** Neighbouring rows of one sequence and the query heads of one block. */
struct Queries {
  int firstRow;
  int rows;
  int kvHead;
  int firstHead;
  int headCount;

  __device__ __forceinline__ bool holds(int query) const { return query < rows * headCount; }

  __device__ __forceinline__ long row(int query) const { return firstRow + query / headCount; }

  __device__ __forceinline__ int head(int query) const { return firstHead + query % headCount; }
};

/** One split of the keys for up to QUERIES queries. */
template <int E>
__device__ __forceinline__ void attend_pages(float* shared, const Cache& cache, Queries queries) {
  int warp = (int)threadIdx.x / WARP;
  int g = (int)threadIdx.x % WARP / 4;
  int t = (int)threadIdx.x % 4;
  HeadLayout heads = cache.heads;
  bool aligned = aligned16(cache.qkv, cache.kPages, cache.vPages);
  const int* pageTable = cache.pageTables + (long)cache.rowSequence[queries.firstRow] * cache.maxPages;

  // The lane's queries are g and g+8.
  unsigned query[E / 16][4];
  int seen[2];
#pragma unroll
  for (int half = 0; half < 2; half++) {
    int index = g + 8 * half;
    bool inside = queries.holds(index);
    long row = inside ? queries.row(index) : queries.firstRow;
    seen[half] = inside ? cache.rowLength[row] : 0;
    const bf16* from = cache.qkv + row * heads.rowWidth() + (long)queries.head(index) * E + 8 * t;
#pragma unroll
    for (int j = 0; j < E / 32; j++) {
      uint4 eight = load_eight(from + 32 * j, inside, aligned);
      query[2 * j][half] = eight.x;
      query[2 * j][half + 2] = eight.y;
      query[2 * j + 1][half] = eight.z;
      query[2 * j + 1][half + 2] = eight.w;
    }
  }
  int length = 0;
  int firstPage = 0x7fffffff;
  for (int r = 0; r < queries.rows; r++) {
    int rowLength = cache.rowLength[queries.firstRow + r];
    length = max(length, rowLength);
    firstPage = min(firstPage, heads.firstKey(rowLength - 1) / PAGE_TOKENS);
  }

  float sum[E / 8][4];
#pragma unroll
  for (int n = 0; n < E / 8; n++) {
#pragma unroll
    for (int c = 0; c < 4; c++) {
      sum[n][c] = 0.0f;
    }
  }
  float maximum[2] = {HIDDEN_SCORE, HIDDEN_SCORE};
  float denominator[2] = {0.0f, 0.0f};
  float factor = cache.scale * LOG2_E;
  int pages = (length + PAGE_TOKENS - 1) / PAGE_TOKENS;
  int pagesPerSplit = (pages - firstPage + (int)gridDim.z - 1) / (int)gridDim.z;
  int lastPage = min(pages, firstPage + ((int)blockIdx.z + 1) * pagesPerSplit);
  int page = firstPage + (int)blockIdx.z * pagesPerSplit + warp;
  int slot = page < lastPage ? pageTable[page] : 0;
  for (; page < lastPage; page += WARPS) {
    long at = ((long)slot * heads.numKvHeads + queries.kvHead) * (PAGE_TOKENS * E);
    // Looked up a page ahead, or each page would wait for two loads in turn.
    slot = page + WARPS < lastPage ? pageTable[page + WARPS] : 0;
    int firstKey = page * PAGE_TOKENS;
    int count = length - firstKey;
    uint4 keys[E / 32][2];
    uint4 values[E / 64][4];
#pragma unroll
    for (int n = 0; n < 2; n++) {
      int key = 8 * n + g;
#pragma unroll
      for (int j = 0; j < E / 32; j++) {
        keys[j][n] = load_eight(cache.kPages + at + key * E + 32 * j + 8 * t, key < count, aligned);
      }
    }
#pragma unroll
    for (int k = 0; k < 4; k++) {
      int key = 2 * t + k % 2 + k / 2 * 8;
#pragma unroll
      for (int j = 0; j < E / 64; j++) {
        values[j][k] = load_eight(cache.vPages + at + key * E + 64 * j + 8 * g, key < count, aligned);
      }
    }

    float score[2][4] = {{0.0f, 0.0f, 0.0f, 0.0f}, {0.0f, 0.0f, 0.0f, 0.0f}};
#pragma unroll
    for (int n = 0; n < 2; n++) {
#pragma unroll
      for (int j = 0; j < E / 32; j++) {
        mma(score[n], query[2 * j], keys[j][n].x, keys[j][n].y);
        mma(score[n], query[2 * j + 1], keys[j][n].z, keys[j][n].w);
      }
    }
#pragma unroll
    for (int half = 0; half < 2; half++) {
      float pageMax = maximum[half];
#pragma unroll
      for (int n = 0; n < 2; n++) {
#pragma unroll
        for (int c = 2 * half; c < 2 * half + 2; c++) {
          int key = firstKey + 8 * n + 2 * t + c % 2;
          bool visible = key < seen[half] && heads.near(seen[half] - 1, key);
          float capped = heads.capped() ? heads.cap(cache.scale * score[n][c]) / cache.scale : score[n][c];
          score[n][c] = visible ? capped : HIDDEN_SCORE;
          pageMax = fmaxf(pageMax, score[n][c]);
        }
      }
      pageMax = row_max(pageMax);
      float correction = exp2f(factor * (maximum[half] - pageMax));
      maximum[half] = pageMax;
      denominator[half] *= correction;
#pragma unroll
      for (int n = 0; n < 2; n++) {
#pragma unroll
        for (int c = 2 * half; c < 2 * half + 2; c++) {
          // A query may see no key of the page, nor of any before: then the maximum is no score.
          bool hidden = score[n][c] <= HIDDEN_SCORE;
          score[n][c] = hidden ? 0.0f : exp2f(factor * (score[n][c] - pageMax));
          denominator[half] += score[n][c];
        }
      }
#pragma unroll
      for (int n = 0; n < E / 8; n++) {
        sum[n][2 * half] *= correction;
        sum[n][2 * half + 1] *= correction;
      }
    }
    unsigned weights[4] = {
        round_to_bf16_pair(score[0][0], score[0][1]),
        round_to_bf16_pair(score[0][2], score[0][3]),
        round_to_bf16_pair(score[1][0], score[1][1]),
        round_to_bf16_pair(score[1][2], score[1][3])};
#pragma unroll
    for (int j = 0; j < E / 64; j++) {
      const uint4(&v)[4] = values[j];
      add_columns(sum[8 * j], sum[8 * j + 1], weights, v[0].x, v[1].x, v[2].x, v[3].x);
      add_columns(sum[8 * j + 2], sum[8 * j + 3], weights, v[0].y, v[1].y, v[2].y, v[3].y);
      add_columns(sum[8 * j + 4], sum[8 * j + 5], weights, v[0].z, v[1].z, v[2].z, v[3].z);
      add_columns(sum[8 * j + 6], sum[8 * j + 7], weights, v[0].w, v[1].w, v[2].w, v[3].w);
    }
  }

  // The warps meet: (WARPS, QUERIES) maxima, the same of sums, (WARPS, QUERIES, E) results.
  float* maxima = shared;
  float* sums = maxima + WARPS * QUERIES;
  float* outs = sums + WARPS * QUERIES;
  __syncthreads();
#pragma unroll
  for (int half = 0; half < 2; half++) {
    int at = warp * QUERIES + g + 8 * half;
    float total = row_sum(denominator[half]);
    if (t == 0) {
      maxima[at] = cache.scale * maximum[half];
      sums[at] = total;
    }
#pragma unroll
    for (int n = 0; n < E / 8; n++) {
      // Product n has columns 64 j + 8 g + i of the values, the lane those of g = 2t and 2t+1.
      float* columns = outs + at * E + n / 8 * 64 + 16 * t + n % 8;
      columns[0] = sum[n][2 * half];
      columns[8] = sum[n][2 * half + 1];
    }
  }
  __syncthreads();
  for (int q = 0; queries.holds(q) && q < QUERIES; q++) {
    float blockMax = HIDDEN_SCORE;
#pragma unroll
    for (int w = 0; w < WARPS; w++) {
      blockMax = fmaxf(blockMax, maxima[w * QUERIES + q]);
    }
    float blockSum = 0.0f;
    float share[WARPS];
#pragma unroll
    for (int w = 0; w < WARPS; w++) {
      share[w] = expf(maxima[w * QUERIES + q] - blockMax);
      blockSum += share[w] * sums[w * QUERIES + q];
    }
    long at = queries.row(q) * heads.numHeads + queries.head(q);
    for (int e = (int)threadIdx.x; e < E; e += THREADS) {
      float value = 0.0f;
#pragma unroll
      for (int w = 0; w < WARPS; w++) {
        value = fmaf(share[w], outs[(w * QUERIES + q) * E + e], value);
      }
      if (gridDim.z == 1) {
        store_one(&cache.out[at * E + e], value / blockSum);
      } else {
        cache.partialOut[(at * gridDim.z + blockIdx.z) * E + e] = value;
      }
    }
    if (gridDim.z > 1 && threadIdx.x == 0) {
      cache.partialStats[(at * gridDim.z + blockIdx.z) * 2] = blockMax;
      cache.partialStats[(at * gridDim.z + blockIdx.z) * 2 + 1] = blockSum;
    }
  }
}

/** The rows of a block: those of one sequence at a time. */
template <int E>
__device__ __forceinline__ void attend_rows(float* shared, const Cache& cache, int rows, int rowsPerBlock) {
  int headBlocks = (cache.heads.groupSize() + QUERIES - 1) / QUERIES;
  int kvHead = (int)blockIdx.y / headBlocks;
  int inGroup = (int)blockIdx.y % headBlocks * QUERIES;
  int firstHead = kvHead * cache.heads.groupSize() + inGroup;
  int headCount = min(QUERIES, cache.heads.groupSize() - inGroup);
  int end = min(rows, ((int)blockIdx.x + 1) * rowsPerBlock);
  int count = 0;
  for (int row = (int)blockIdx.x * rowsPerBlock; row < end; row += count) {
    count = 1;
    while (row + count < end && cache.rowSequence[row + count] == cache.rowSequence[row]) {
      count++;
    }
    attend_pages<E>(shared, cache, {row, count, kvHead, firstHead, headCount});
  }
}

// The kernels by headDim, grid (rows / rowsPerBlock, KV x blocks per group, splits); rowsPerBlock times the heads of a
// block is at most QUERIES. The partial results are those of paged_attention.cu.

extern "C" __global__ void __launch_bounds__(THREADS, 4) paged_attention_mma_64(
    bf16* __restrict__ out,
    float* __restrict__ partialOut,
    float* __restrict__ partialStats,
    const bf16* __restrict__ qkv,
    const bf16* __restrict__ kPages,
    const bf16* __restrict__ vPages,
    const int* __restrict__ pageTables,
    const int* __restrict__ rowSequence,
    const int* __restrict__ rowLength,
    int maxPages,
    int numHeads,
    int numKvHeads,
    float scale,
    int rows,
    int rowsPerBlock,
    float softCap,
    int window) {
  extern __shared__ float shared[];
  HeadLayout heads = {numHeads, numKvHeads, 64, softCap, window};
  Cache cache = {
      out, partialOut, partialStats, qkv, kPages, vPages, pageTables, rowSequence, rowLength, maxPages, heads, scale};
  attend_rows<64>(shared, cache, rows, rowsPerBlock);
}

extern "C" __global__ void __launch_bounds__(THREADS, 2) paged_attention_mma_128(
    bf16* __restrict__ out,
    float* __restrict__ partialOut,
    float* __restrict__ partialStats,
    const bf16* __restrict__ qkv,
    const bf16* __restrict__ kPages,
    const bf16* __restrict__ vPages,
    const int* __restrict__ pageTables,
    const int* __restrict__ rowSequence,
    const int* __restrict__ rowLength,
    int maxPages,
    int numHeads,
    int numKvHeads,
    float scale,
    int rows,
    int rowsPerBlock,
    float softCap,
    int window) {
  extern __shared__ float shared[];
  HeadLayout heads = {numHeads, numKvHeads, 128, softCap, window};
  Cache cache = {
      out, partialOut, partialStats, qkv, kPages, vPages, pageTables, rowSequence, rowLength, maxPages, heads, scale};
  attend_rows<128>(shared, cache, rows, rowsPerBlock);
}

#endif
