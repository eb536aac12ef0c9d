// What CUDA C++ has no name for: matrix products of a warp on the tensor cores, loads of their
// operands from shared memory, and copies to shared memory that do not wait. Each is PTX on the
// device and plain C++ elsewhere.
//
// Operands are bfloat16, two in a word. A warp holds a (16, 16) matrix `a` in 4 words per lane, a
// (16, 8) matrix `b` in 2 words and a (16, 8) matrix of sums in 4 floats; with g = lane / 4 and
// t = lane % 4:
//
//   a[0] = A[g][2t, 2t+1]  a[1] = A[g+8][2t, 2t+1]  a[2] = A[g][2t+8, 2t+9]  a[3] = A[g+8][2t+8, 2t+9]
//   b[0] = B[2t, 2t+1][g]  b[1] = B[2t+8, 2t+9][g]
//   c[0], c[1] = C[g][2t, 2t+1]  c[2], c[3] = C[g+8][2t, 2t+1]
#pragma once
#include "common.cuh"

/** `c += a b` by all lanes of a warp. */
__device__ __forceinline__ void mma(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
#if defined(__CUDA_ARCH__)
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#else
  int lane = (int)threadIdx.x % WARP;
  for (int t = 0; t < 4; t++) {
    // The lanes that hold 2t, 2t+1, 2t+8 and 2t+9 of this lane's rows of A and columns of B.
    int rows = lane / 4 * 4 + t;
    int column = lane % 4 * 8 + t;
    unsigned a0 = __shfl_sync(FULL_MASK, a[0], rows);
    unsigned a1 = __shfl_sync(FULL_MASK, a[1], rows);
    unsigned a2 = __shfl_sync(FULL_MASK, a[2], rows);
    unsigned a3 = __shfl_sync(FULL_MASK, a[3], rows);
    for (int n = 0; n < 2; n++) {
      unsigned low = __shfl_sync(FULL_MASK, b0, column + 4 * n);
      unsigned high = __shfl_sync(FULL_MASK, b1, column + 4 * n);
      c[n] += low_half(a0) * low_half(low) + high_half(a0) * high_half(low) + low_half(a2) * low_half(high) +
              high_half(a2) * high_half(high);
      c[n + 2] += low_half(a1) * low_half(low) + high_half(a1) * high_half(low) + low_half(a3) * low_half(high) +
                  high_half(a3) * high_half(high);
    }
  }
#endif
}

#if defined(__CUDA_ARCH__)
/** An address as instructions on shared memory want it. */
__device__ __forceinline__ unsigned shared_address(const void* pointer) {
  unsigned address;
  asm("{ .reg .u64 wide; cvta.to.shared.u64 wide, %1; cvt.u32.u64 %0, wide; }" : "=r"(address) : "l"(pointer));
  return address;
}
#endif

/**
 * Four (8, 8) matrices, the rows of matrix i at `row` of lanes 8i .. 8i+7. A lane gets elements 2t, 2t+1 of row g
 * of each.
 */
__device__ __forceinline__ void load_matrices(unsigned (&to)[4], const bf16* row) {
#if defined(__CUDA_ARCH__)
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(shared_address(row))
               : "memory");
#else
  int lane = (int)threadIdx.x % WARP;
  unsigned long long address = (unsigned long long)row;
  for (int i = 0; i < 4; i++) {
    int from = i * 8 + lane / 4;
    unsigned long long low = __shfl_sync(FULL_MASK, (unsigned)address, from);
    unsigned long long high = __shfl_sync(FULL_MASK, (unsigned)(address >> 32), from);
    const bf16* source = (const bf16*)(high << 32 | low) + lane % 4 * 2;
    to[i] = source[0].bits | (unsigned)source[1].bits << 16;
  }
#endif
}

/** As load_matrices, of the transposed matrices: a lane gets elements g of rows 2t and 2t+1. */
__device__ __forceinline__ void load_matrices_transposed(unsigned (&to)[4], const bf16* row) {
#if defined(__CUDA_ARCH__)
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(shared_address(row))
               : "memory");
#else
  int lane = (int)threadIdx.x % WARP;
  unsigned long long address = (unsigned long long)row;
  for (int i = 0; i < 4; i++) {
    unsigned pair = 0;
    for (int half = 0; half < 2; half++) {
      int from = i * 8 + lane % 4 * 2 + half;
      unsigned long long low = __shfl_sync(FULL_MASK, (unsigned)address, from);
      unsigned long long high = __shfl_sync(FULL_MASK, (unsigned)(address >> 32), from);
      pair |= (unsigned)((const bf16*)(high << 32 | low))[lane / 4].bits << (16 * half);
    }
    to[i] = pair;
  }
#endif
}

/** `a`: the (16, 16) matrix at `tile`, rows `stride` elements apart. */
__device__ __forceinline__ void load_a(unsigned (&a)[4], const bf16* tile, int stride) {
  int lane = (int)threadIdx.x % WARP;
  load_matrices(a, tile + lane % 16 * stride + lane / 16 * 8);
}

/**
 * Two `b` side by side, `b[0], b[1]` and `b[2], b[3]`: the transpose of the (16, 16) matrix at `tile`, whose rows
 * are the columns of B.
 */
__device__ __forceinline__ void load_b(unsigned (&b)[4], const bf16* tile, int stride) {
  int lane = (int)threadIdx.x % WARP;
  load_matrices(b, tile + (lane / 16 * 8 + lane % 8) * stride + lane / 8 % 2 * 8);
}

/** Two `b` side by side: the (16, 16) matrix at `tile` as it is, whose rows are the rows of B. */
__device__ __forceinline__ void load_b_rows(unsigned (&b)[4], const bf16* tile, int stride) {
  int lane = (int)threadIdx.x % WARP;
  load_matrices_transposed(b, tile + lane % 16 * stride + lane / 16 * 8);
}

/** Copies 16 bytes from global to shared memory, or zeros where `inside` is false, without waiting. */
__device__ __forceinline__ void copy_async(void* shared, const void* global, bool inside) {
#if defined(__CUDA_ARCH__)
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
               :
               : "r"(shared_address(shared)), "l"(global), "r"(inside ? 16 : 0)
               : "memory");
#else
  *(uint4*)shared = inside ? *(const uint4*)global : make_uint4(0, 0, 0, 0);
#endif
}

/** As copy_async for 4 bytes. */
__device__ __forceinline__ void copy_word_async(void* shared, const void* global, bool inside) {
#if defined(__CUDA_ARCH__)
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;"
               :
               : "r"(shared_address(shared)), "l"(global), "r"(inside ? 4 : 0)
               : "memory");
#else
  *(unsigned*)shared = inside ? *(const unsigned*)global : 0;
#endif
}

/** Closes a group of this thread's copies. */
__device__ __forceinline__ void commit_copies() {
#if defined(__CUDA_ARCH__)
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

/** Waits for all groups of this thread's copies but the last `PENDING`. */
template <int PENDING>
__device__ __forceinline__ void wait_for_copies() {
#if defined(__CUDA_ARCH__)
  asm volatile("cp.async.wait_group %0;" ::"n"(PENDING) : "memory");
#endif
}
