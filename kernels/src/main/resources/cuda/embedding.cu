// Look-ups by row. A block takes a row; rows of the model are multiples of 16 bytes, others go by single elements.
#include "common.cuh"

#define THREADS 256

// out[row] = x[rows[row]]. Grid (rows).
extern "C" __global__ void gather_rows(real* out, const real* x, const int* rows, int width) {
  real* to = out + (long long)blockIdx.x * width;
  const real* from = x + (long long)rows[blockIdx.x] * width;
  if (width % VEC == 0 && aligned16(out, x)) {
    for (int i = (int)threadIdx.x; i < width / VEC; i += (int)blockDim.x) {
      ((uint4*)to)[i] = ((const uint4*)from)[i];
    }
  } else {
    for (int i = (int)threadIdx.x; i < width; i += (int)blockDim.x) {
      to[i] = from[i];
    }
  }
}

// table[ids[n]] += dOut[n] in the order of n, without atomics: the block of the first n with an id adds all rows with
// that id, the blocks of later ones leave at once. Comparing all ids with all costs little beside reading the rows.
// Grid (rows, slices of THREADS * VEC columns).
template <class T>
__device__ void add_rows(T* table, const real* dOut, const int* ids, int count, int width) {
  __shared__ int seenBefore;
  __shared__ int warpCounts[THREADS / WARP];
  __shared__ int matches[THREADS];
  int me = (int)blockIdx.x;
  int thread = (int)threadIdx.x;
  int lane = thread % WARP;
  int warp = thread / WARP;
  int id = ids[me];
  if (thread == 0) {
    seenBefore = 0;
  }
  __syncthreads();
  for (int i = thread; i < me; i += THREADS) {
    if (ids[i] == id) {
      seenBefore = 1;
      break;
    }
  }
  __syncthreads();
  if (seenBefore) {
    return;
  }

  // A thread's columns: VEC side by side, or THREADS apart where they cannot be read at once.
  bool vectors = width % VEC == 0 && aligned16(table, dOut);
  int stride = vectors ? 1 : THREADS;
  int first = (int)blockIdx.y * THREADS * VEC + thread * (vectors ? VEC : 1);
  T* to = table + (long long)id * width;
  float sums[VEC];
  if (vectors) {
    if (first < width) {
      load(to + first, sums);
    }
  } else {
#pragma unroll
    for (int k = 0; k < VEC; k++) {
      int column = first + k * stride;
      sums[k] = column < width ? load_one(to + column) : 0.0f;
    }
  }
  for (int base = me; base < count; base += THREADS) {
    bool match = base + thread < count && ids[base + thread] == id;
    unsigned votes = __ballot_sync(FULL_MASK, match);
    if (lane == 0) {
      warpCounts[warp] = __popc(votes);
    }
    __syncthreads();
    int before = __popc(votes & ((1u << lane) - 1u));
    int found = 0;
#pragma unroll
    for (int w = 0; w < THREADS / WARP; w++) {
      before += w < warp ? warpCounts[w] : 0;
      found += warpCounts[w];
    }
    if (match) {
      matches[before] = base + thread;
    }
    __syncthreads();
    if (vectors) {
      if (first < width) {
#pragma unroll 4
        for (int m = 0; m < found; m++) {
          float row[VEC];
          load(dOut + (long long)matches[m] * width + first, row);
#pragma unroll
          for (int k = 0; k < VEC; k++) {
            sums[k] += row[k];
          }
        }
      }
    } else {
      for (int m = 0; m < found; m++) {
        const real* row = dOut + (long long)matches[m] * width;
#pragma unroll
        for (int k = 0; k < VEC; k++) {
          int column = first + k * stride;
          sums[k] += column < width ? load_one(row + column) : 0.0f;
        }
      }
    }
    __syncthreads();
  }
  if (vectors) {
    if (first < width) {
      store(to + first, sums);
    }
  } else {
#pragma unroll
    for (int k = 0; k < VEC; k++) {
      int column = first + k * stride;
      if (column < width) {
        store_one(to + column, sums[k]);
      }
    }
  }
}

extern "C" __global__ void embedding_backward(float* dWeight, const real* dOut, const int* ids, int count, int width) {
  add_rows(dWeight, dOut, ids, count, width);
}

extern "C" __global__ void scatter_add_rows(real* dX, const real* dOut, const int* rows, int count, int width) {
  add_rows(dX, dOut, rows, count, width);
}
