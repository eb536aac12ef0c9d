// Rotary embedding in place: element i of a query or key head turns with element i + headDim/2.
#include "common.cuh"

// Grid (tokens, slices of the rotated pairs). direction: 1 forward, -1 backward.
extern "C" __global__ void rope(real* qkv, const int* positions, const float* cosines, const float* sines, int rotatedHeads,
                                int qkvWidth, int half, float direction) {
  real* row = qkv + (long long)blockIdx.x * qkvWidth;
  long long angle = (long long)positions[blockIdx.x] * half;
  bool vectors = half % VEC == 0 && qkvWidth % VEC == 0 && aligned16(qkv, cosines, sines);
  int per = vectors ? VEC : 1;
  int perHead = half / per;
  int items = rotatedHeads * perHead;
  int item = (int)(blockIdx.y * blockDim.x + threadIdx.x);
  for (; item < items; item += (int)(gridDim.y * blockDim.x)) {
    int i = item % perHead * per;
    real* first = row + item / perHead * 2 * half + i;
    real* second = first + half;
    if (vectors) {
      float a[VEC];
      float b[VEC];
      float c[VEC];
      float s[VEC];
      load(first, a);
      load(second, b);
      load(cosines + angle + i, c);
      load(sines + angle + i, s);
#pragma unroll
      for (int k = 0; k < VEC; k++) {
        float sine = direction * s[k];
        float x = a[k];
        a[k] = x * c[k] - b[k] * sine;
        b[k] = b[k] * c[k] + x * sine;
      }
      store(first, a);
      store(second, b);
    } else {
      float c = cosines[angle + i];
      float s = direction * sines[angle + i];
      float a = load_one(first);
      float b = load_one(second);
      store_one(first, a * c - b * s);
      store_one(second, b * c + a * s);
    }
  }
}
