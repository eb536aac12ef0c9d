// What a compiled kernel module and libcuda.so.1 share. Kernels include it through prelude.h, so it includes nothing itself.
#pragma once

namespace swcuda {

struct Index3 {
  unsigned x, y, z;
};

// The block that the calling OS thread runs now.
struct BlockView {
  Index3 block, blockDim, gridDim;
  unsigned char* dynamicShared;
};

// The CUDA thread that the calling OS thread runs now; changes at every switch between fibers.
struct ThreadView {
  Index3 thread;
  unsigned lane;
};

struct Parameter {
  unsigned size;
  bool pointer;
};

// One extern "C" __global__ function.
struct Kernel {
  const char* name;
  void (*run)(void** arguments);
  unsigned numParameters;
  const Parameter* parameters;
  unsigned maxThreads;  // of __launch_bounds__, 0 where it has none
};

// Every lane that meets in one collective must have called the same one.
enum Collective : unsigned { kSyncWarp, kShuffle, kShuffleXor, kShuffleUp, kShuffleDown, kBallot, kAny, kAll };

// What a lane reads from a lane that takes no part, and all memory that nobody wrote yet: NaN as float and as bf16, and as an
// int an index far outside of every array.
constexpr unsigned kPoison = 0x7fff7fffu;

}  // namespace swcuda

extern "C" {
// In static TLS: one load each, and no call as a dynamically loaded library's TLS needs.
extern __thread swcuda::ThreadView* swcuda_thread __attribute__((tls_model("initial-exec")));
extern __thread swcuda::BlockView swcuda_block __attribute__((tls_model("initial-exec")));

void swcuda_syncthreads();
// All lanes of the mask leave a value; returns the 32 values by lane. They stay until the lane's next but one call.
const unsigned long long* swcuda_exchange(unsigned mask, unsigned collective, unsigned long long value);
// All lanes of the mask leave a predicate; returns the bits of those where it holds.
unsigned swcuda_vote(unsigned mask, unsigned collective, unsigned predicate);
// The block's instance of one __shared__ declaration; poisoned when its first thread asks.
void* swcuda_static_shared(const void* declaration, unsigned long bytes, unsigned long alignment, const char* name);
[[noreturn]] void swcuda_trap(const char* reason);
}
