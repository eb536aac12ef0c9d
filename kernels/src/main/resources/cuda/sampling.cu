// Gumbel-max sampling from chunks of logits, see SamplingKernels.
//
// Logits are float, (rows, width) for the columns firstColumn .. firstColumn + width, a multiple of
// 4, divided by the temperature already. As in loss.cu each (chunk, split) owns one slot of a row's
// partial results and sampling_outputs joins them in order.
#include "common.cuh"
#include "philox.cuh"

// Most threads of a block; short rows take fewer.
#define THREADS 256
// Words per Philox call, logits per step of a thread.
#define WORDS 4
// Floats per slot; the id is stored as bits.
#define FIELDS 8
#define NO_LOGIT (-1e30f)
#define NO_ID 0x7fffffff
#define MINUS_INFINITY (-__int_as_float(0x7f800000))

// Uniforms are (k + 1/2) / 2^23, so the noise -log(-log u) lies within -2.82 .. 16.64. A logit further
// below another one than this cannot win and needs no noise; it changes no id.
#define NOISE_SPAN 19.5f

/** The best of some tokens, and the softmax sum over them. */
struct Choice {
  float score;  // logit and noise
  int id;
  float logit;  // of the id
  float max;    // of all logits
  float sum;    // sum exp(z - max)
};

/** Ties go to the smaller id. */
__device__ __forceinline__ Choice better(Choice a, Choice b) {
  bool second = b.score > a.score || (b.score == a.score && b.id < a.id);
  float max = fmaxf(a.max, b.max);
  return {
      second ? b.score : a.score,
      second ? b.id : a.id,
      second ? b.logit : a.logit,
      max,
      a.sum * expf(a.max - max) + b.sum * expf(b.max - max)};
}

__device__ __forceinline__ Choice shuffle_xor(Choice c, int mask) {
  return {
      __shfl_xor_sync(FULL_MASK, c.score, mask),
      __shfl_xor_sync(FULL_MASK, c.id, mask),
      __shfl_xor_sync(FULL_MASK, c.logit, mask),
      __shfl_xor_sync(FULL_MASK, c.max, mask),
      __shfl_xor_sync(FULL_MASK, c.sum, mask)};
}

/** Partial choices of one chunk. Grid (rows, splits). */
extern "C" __global__ void __launch_bounds__(THREADS) sampling_choices(
    float* __restrict__ partial,
    const float* __restrict__ logits,
    const int* __restrict__ randomness,
    int firstColumn,
    int width,
    int firstSlot,
    int slots,
    int greedy) {
  __shared__ Choice warps[THREADS / WARP];
  long row = blockIdx.x;
  const float* z = logits + row * width;
  unsigned key0 = randomness[row * 3];
  unsigned key1 = randomness[row * 3 + 1];
  unsigned position = randomness[row * 3 + 2];
  // Whole groups of WORDS columns per split: a Philox call serves one group.
  int groups = (width + WORDS - 1) / WORDS;
  int groupsPerSplit = (groups + gridDim.y - 1) / gridDim.y;
  int firstGroup = blockIdx.y * groupsPerSplit;
  int lastGroup = min(groups, firstGroup + groupsPerSplit);
  Choice choice = {NO_LOGIT, NO_ID, NO_LOGIT, NO_LOGIT, 0.0f};
  float warpMax = NO_LOGIT;
  // The lanes of a warp stay together, for the maximum they share.
  for (int base = firstGroup + threadIdx.x / WARP * WARP; base < lastGroup; base += blockDim.x) {
    int first = (base + threadIdx.x % WARP) * WORDS;
    float values[WORDS];
    float groupMax = NO_LOGIT;
#pragma unroll
    for (int w = 0; w < WORDS; w++) {
      bool inside = base + threadIdx.x % WARP < lastGroup && first + w < width;
      values[w] = inside ? z[first + w] : NO_LOGIT;
      groupMax = fmaxf(groupMax, values[w]);
    }
    float max = fmaxf(choice.max, groupMax);
    choice.sum *= expf(choice.max - max);
    choice.max = max;
#pragma unroll
    for (int w = 0; w < WORDS; w++) {
      choice.sum += values[w] > NO_LOGIT ? expf(values[w] - max) : 0.0f;
    }
    warpMax = warp_max(fmaxf(warpMax, groupMax));
    if (groupMax > NO_LOGIT && (greedy || groupMax >= warpMax - NOISE_SPAN)) {
      uint4 words = make_uint4(0, 0, 0, 0);
      if (!greedy) {
        words = philox(key0, key1, (firstColumn + first) / WORDS, position, 0, 0);
      }
      unsigned word[WORDS] = {words.x, words.y, words.z, words.w};
#pragma unroll
      for (int w = 0; w < WORDS; w++) {
        float noise = greedy ? 0.0f : -logf(-logf(philox_uniform(word[w])));
        float score = values[w] + noise;
        if (values[w] > NO_LOGIT && score > choice.score) {
          choice.score = score;
          choice.id = firstColumn + first + w;
          choice.logit = values[w];
        }
      }
    }
  }
  for (int mask = 16; mask > 0; mask /= 2) {
    choice = better(choice, shuffle_xor(choice, mask));
  }
  if (threadIdx.x % WARP == 0) {
    warps[threadIdx.x / WARP] = choice;
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    for (int w = 1; w < (int)blockDim.x / WARP; w++) {
      choice = better(choice, warps[w]);
    }
    float* slot = partial + (row * slots + firstSlot + blockIdx.y) * FIELDS;
    slot[0] = choice.score;
    slot[1] = __int_as_float(choice.id);
    slot[2] = choice.logit;
    slot[3] = choice.max;
    slot[4] = choice.sum;
  }
}

/** Joins the slots of a row: the drawn id and its log-probability. */
extern "C" __global__ void sampling_outputs(
    int* __restrict__ ids,
    float* __restrict__ logProbs,
    const float* __restrict__ partial,
    int rows,
    int slots) {
  int row = blockIdx.x * blockDim.x + threadIdx.x;
  if (row >= rows) {
    return;
  }
  Choice choice = {NO_LOGIT, NO_ID, NO_LOGIT, NO_LOGIT, 0.0f};
  for (int i = 0; i < slots; i++) {
    const float* slot = partial + ((long)row * slots + i) * FIELDS;
    Choice part = {slot[0], __float_as_int(slot[1]), slot[2], slot[3], slot[4]};
    choice = better(choice, part);
  }
  // Logits that are all NaN choose nothing: an id inside the vocabulary, and a NaN that is noticed.
  bool chosen = choice.id != NO_ID;
  ids[row] = chosen ? choice.id : 0;
  logProbs[row] = chosen ? choice.logit - choice.max - logf(choice.sum) : __int_as_float(0x7fc00000);
}

/** An integer for each float that compares as the floats do, the same for 0 and -0. */
__device__ __forceinline__ int order_of(float x) {
  int bits = __float_as_int(x == 0.0f ? 0.0f : x);
  return bits ^ ((bits >> 31) & 0x7fffffff);
}

/** The count of a row's logits from a threshold on, or the sum of exp(z - max) over them, in every thread. */
__device__ __forceinline__ float kept(
    const real* z, int width, long threshold, int counted, float max, float* shared) {
  float sum = 0.0f;
  for (int v = threadIdx.x; v < width; v += blockDim.x) {
    float value = load_one(z + v);
    if (order_of(value) >= threshold) {
      sum += counted ? 1.0f : expf(value - max);
    }
  }
  return block_sum(sum, shared);
}

/** Logits below a threshold become -inf; the threshold is found by bisection. Grid (rows). */
extern "C" __global__ void __launch_bounds__(THREADS) sampling_truncate(
    real* __restrict__ logits, int width, int topK, float topP) {
  __shared__ float shared[WARP];
  real* z = logits + (long)blockIdx.x * width;
  float max = MINUS_INFINITY;
  for (int v = threadIdx.x; v < width; v += blockDim.x) {
    max = fmaxf(max, load_one(z + v));
  }
  max = block_max(max, shared);
  long threshold = -2147483648L;
  // First the topK largest, then topP of their sum. Counts are exact in float up to 2^24.
  for (int pass = 0; pass < 2; pass++) {
    int counted = pass == 0;
    if (counted ? topK == 0 || topK >= width : topP >= 1.0f) {
      continue;
    }
    float wanted = counted ? (float)topK : topP * kept(z, width, threshold, 0, max, shared);
    long low = threshold;
    long high = (long)order_of(max) + 1;
    while (high - low > 1) {
      long middle = (low + high) >> 1;
      if (kept(z, width, middle, counted, max, shared) >= wanted) {
        low = middle;
      } else {
        high = middle;
      }
    }
    threshold = low;
  }
  for (int v = threadIdx.x; v < width; v += blockDim.x) {
    if (order_of(load_one(z + v)) < threshold) {
      store_one(z + v, MINUS_INFINITY);
    }
  }
}
