// Philox4x32-10, the counter-based generator of org.score4j.kernels.Philox (Salmon et al., SC'11).
#pragma once

/** Four random words: a pure function of a key and a counter. */
__device__ __forceinline__ uint4 philox(
    unsigned key0, unsigned key1, unsigned c0, unsigned c1, unsigned c2, unsigned c3) {
#pragma unroll
  for (int round = 0; round < 10; round++) {
    unsigned high0 = __umulhi(0xD2511F53u, c0);
    unsigned low0 = 0xD2511F53u * c0;
    unsigned high1 = __umulhi(0xCD9E8D57u, c2);
    unsigned low1 = 0xCD9E8D57u * c2;
    c0 = high1 ^ c1 ^ key0;
    c2 = high0 ^ c3 ^ key1;
    c1 = low1;
    c3 = low0;
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return make_uint4(c0, c1, c2, c3);
}

/** A uniform strictly between 0 and 1 from the upper 23 bits of a word, exact: (k + 1/2) / 2^23. */
__device__ __forceinline__ float philox_uniform(unsigned word) {
  return ((float)(word >> 9) + 0.5f) * 1.1920928955078125e-07f;
}
