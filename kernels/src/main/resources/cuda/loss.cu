// The language-model head around its matrix products: statistics of a chunk of logits, what a row's
// statistics say, and the gradient of a chunk of logits.
//
// N rows, V vocabulary. Logits are float, (rows, width) for the chunk of columns firstColumn ..
// firstColumn + width, capped and times the inverse temperature already. A chunk is cut into `splits` for the
// blocks; each (chunk, split) owns one slot of a row's partial statistics, (rows, slots, 8), and
// head_outputs joins the slots in order.
#include "common.cuh"

// Most threads of a block; short rows take fewer.
#define THREADS 256
#define UNROLL 4
// Floats per slot, and per row of the joined statistics.
#define FIELDS 8

// Below every logit: the maximum of nothing.
#define NO_LOGIT (-1e30f)

/**
 * Sums over some logits z of the policy and y of the reference, relative to the maxima of both, so
 * that logits of thousands neither overflow nor cancel.
 */
struct Statistics {
  float max;       // max z
  float sum;       // sum exp(z - max)
  float mean;      // sum exp(z - max) (z - max)
  float refMax;    // max y
  float refSum;    // sum exp(y - refMax)
  float refMean;   // sum exp(z - max) (y - refMax)
};

__device__ __forceinline__ Statistics no_statistics() {
  return {NO_LOGIT, 0.0f, 0.0f, NO_LOGIT, 0.0f, 0.0f};
}

/** The same sums relative to maxima that are no smaller. */
__device__ __forceinline__ Statistics relative_to(Statistics s, float max, float refMax) {
  float factor = expf(s.max - max);
  float refFactor = expf(s.refMax - refMax);
  return {
      max,
      factor * s.sum,
      factor * fmaf(s.max - max, s.sum, s.mean),
      refMax,
      refFactor * s.refSum,
      factor * fmaf(s.refMax - refMax, s.sum, s.refMean)};
}

__device__ __forceinline__ Statistics join(Statistics a, Statistics b) {
  float max = fmaxf(a.max, b.max);
  float refMax = fmaxf(a.refMax, b.refMax);
  a = relative_to(a, max, refMax);
  b = relative_to(b, max, refMax);
  return {
      max,
      a.sum + b.sum,
      a.mean + b.mean,
      refMax,
      a.refSum + b.refSum,
      a.refMean + b.refMean};
}

__device__ __forceinline__ Statistics shuffle_xor(Statistics s, int mask) {
  return {
      __shfl_xor_sync(FULL_MASK, s.max, mask),
      __shfl_xor_sync(FULL_MASK, s.sum, mask),
      __shfl_xor_sync(FULL_MASK, s.mean, mask),
      __shfl_xor_sync(FULL_MASK, s.refMax, mask),
      __shfl_xor_sync(FULL_MASK, s.refSum, mask),
      __shfl_xor_sync(FULL_MASK, s.refMean, mask)};
}

/** Adds UNROLL logits at a time; `y` is null without a reference. */
__device__ __forceinline__ Statistics statistics_of(
    const float* z, const float* y, int begin, int end) {
  Statistics s = no_statistics();
  for (int i = begin + threadIdx.x; i < end; i += blockDim.x * UNROLL) {
    float logits[UNROLL];
    float refLogits[UNROLL];
    float max = s.max;
    float refMax = s.refMax;
#pragma unroll
    for (int u = 0; u < UNROLL; u++) {
      int column = i + u * (int)blockDim.x;
      logits[u] = column < end ? z[column] : NO_LOGIT;
      refLogits[u] = y != nullptr && column < end ? y[column] : NO_LOGIT;
      max = fmaxf(max, logits[u]);
      refMax = fmaxf(refMax, refLogits[u]);
    }
    s = relative_to(s, max, refMax);
#pragma unroll
    for (int u = 0; u < UNROLL; u++) {
      float weight = expf(logits[u] - max);
      s.sum += weight;
      s.mean = fmaf(weight, logits[u] - max, s.mean);
      if (y != nullptr) {
        s.refSum += expf(refLogits[u] - refMax);
        s.refMean = fmaf(weight, refLogits[u] - refMax, s.refMean);
      }
    }
  }
  return s;
}

/** Partial statistics of one chunk. Grid (rows, splits). */
extern "C" __global__ void __launch_bounds__(THREADS) head_statistics(
    float* __restrict__ partial,
    const float* __restrict__ logits,
    const float* __restrict__ refLogits,
    const int* __restrict__ targets,
    int firstColumn,
    int width,
    int firstSlot,
    int slots) {
  __shared__ Statistics warps[THREADS / WARP];
  long row = blockIdx.x;
  int columns = (width + gridDim.y - 1) / gridDim.y;
  int begin = blockIdx.y * columns;
  int end = min(width, begin + columns);
  const float* z = logits + row * width;
  const float* y = refLogits == nullptr ? nullptr : refLogits + row * width;
  Statistics s = statistics_of(z, y, begin, end);
  for (int mask = 16; mask > 0; mask /= 2) {
    s = join(s, shuffle_xor(s, mask));
  }
  if (threadIdx.x % WARP == 0) {
    warps[threadIdx.x / WARP] = s;
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    for (int w = 1; w < (int)blockDim.x / WARP; w++) {
      s = join(s, warps[w]);
    }
    int target = targets[row] - firstColumn;
    bool here = target >= begin && target < end;
    float* slot = partial + (row * slots + firstSlot + blockIdx.y) * FIELDS;
    slot[0] = s.max;
    slot[1] = s.sum;
    slot[2] = s.mean;
    slot[3] = s.refMax;
    slot[4] = s.refSum;
    slot[5] = s.refMean;
    // The other slots of the row add zero.
    slot[6] = here ? z[target] : 0.0f;
    slot[7] = here && y != nullptr ? y[target] : 0.0f;
  }
}

/**
 * Joins the slots of a row and writes what lmHead returns. With l = log sum, log pi_v = (z_v - max) -
 * l, entropy = l - mean / sum, KL = mean / sum - l - (refMean / sum - refL).
 *
 * @param rowStatistics (rows, 8), kept for head_gradient: max, log sum, refMax, log refSum, KL, entropy
 */
extern "C" __global__ void head_outputs(
    float* __restrict__ logProb,
    float* __restrict__ entropy,
    float* __restrict__ kl,
    float* __restrict__ refLogProb,
    float* __restrict__ rowStatistics,
    const float* __restrict__ partial,
    int rows,
    int slots) {
  int row = blockIdx.x * blockDim.x + threadIdx.x;
  if (row >= rows) {
    return;
  }
  Statistics s = no_statistics();
  float target = 0.0f;
  float refTarget = 0.0f;
  for (int i = 0; i < slots; i++) {
    const float* slot = partial + ((long)row * slots + i) * FIELDS;
    Statistics part = {slot[0], slot[1], slot[2], slot[3], slot[4], slot[5]};
    s = join(s, part);
    target += slot[6];
    refTarget += slot[7];
  }
  float logSum = logf(s.sum);
  logProb[row] = target - s.max - logSum;
  float spread = logSum - s.mean / s.sum;
  entropy[row] = spread;
  float divergence = 0.0f;
  float refLogSum = 0.0f;
  if (kl != nullptr) {
    refLogSum = logf(s.refSum);
    divergence = (s.mean - s.refMean) / s.sum - logSum + refLogSum;
    kl[row] = divergence;
    refLogProb[row] = refTarget - s.refMax - refLogSum;
  }
  float* statistics = rowStatistics + (long)row * FIELDS;
  statistics[0] = s.max;
  statistics[1] = logSum;
  statistics[2] = s.refMax;
  statistics[3] = refLogSum;
  statistics[4] = divergence;
  statistics[5] = spread;
}

/** `logits = factor cap tanh(logits / cap)`. */
extern "C" __global__ void head_soft_cap(float* logits, float cap, float factor, long count) {
  long threads = (long)gridDim.x * blockDim.x;
  for (long i = blockIdx.x * (long)blockDim.x + threadIdx.x; i < count; i += threads) {
    logits[i] = factor * cap * tanhf(logits[i] / cap);
  }
}

/**
 * `dLogits = logProbCoef (pi - 1[target]) + klCoef pi (log pi - log pi_ref - KL) + entropyCoef pi
 * (log pi + H)` for one chunk, the coefficients (rows), null for none; in single precision it may overwrite the logits. Where these are capped, at +-`cap` with the inverse temperature,
 * times the slope of the cap; 0 for none. Grid (rows, splits).
 */
extern "C" __global__ void __launch_bounds__(THREADS) head_gradient(
    real* dLogits,
    const float* logits,
    const float* refLogits,
    const float* rowStatistics,
    const int* targets,
    const float* logProbCoef,
    const float* klCoef,
    const float* entropyCoef,
    int firstColumn,
    int width,
    float cap) {
  long row = blockIdx.x;
  const float* statistics = rowStatistics + row * FIELDS;
  float max = statistics[0];
  float logSum = statistics[1];
  float refMax = statistics[2];
  float refLogSum = statistics[3];
  float divergence = statistics[4];
  float coef = logProbCoef[row];
  float divergenceCoef = klCoef == nullptr ? 0.0f : klCoef[row];
  float spreadCoef = entropyCoef == nullptr ? 0.0f : entropyCoef[row];
  float spread = statistics[5];
  int target = targets[row] - firstColumn;
  int columns = (width + gridDim.y - 1) / gridDim.y;
  int end = min(width, (int)(blockIdx.y + 1) * columns);
  for (int i = blockIdx.y * columns + threadIdx.x; i < end; i += blockDim.x) {
    long at = row * width + i;
    float logPi = logits[at] - max - logSum;
    float pi = expf(logPi);
    float gradient = coef * (i == target ? pi - 1.0f : pi);
    if (klCoef != nullptr && refLogits != nullptr) {
      float logRef = refLogits[at] - refMax - refLogSum;
      gradient = fmaf(divergenceCoef * pi, logPi - logRef - divergence, gradient);
    }
    if (entropyCoef != nullptr) {
      // Where a probability has underflowed to 0, log pi may be -inf.
      gradient = pi > 0.0f ? fmaf(spreadCoef * pi, logPi + spread, gradient) : gradient;
    }
    if (cap > 0.0f) {
      float tanh = logits[at] / cap;
      gradient *= (1.0f - tanh) * (1.0f + tanh);
    }
    store_one(&dLogits[at], gradient);
  }
}

/** Rounds sums kept over several chunks. */
extern "C" __global__ void head_round(
    real* __restrict__ out, const float* __restrict__ sums, long count) {
  long i = blockIdx.x * (long)blockDim.x + threadIdx.x;
  if (i < count) {
    store_one(&out[i], sums[i]);
  }
}
