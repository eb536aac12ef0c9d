// Runs the threads of a block as fibers on the calling OS thread. One BlockRunner per OS thread.
#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "config.h"
#include "fiber.h"
#include "kernel_abi.h"

namespace swcuda {

constexpr unsigned kWarp = 32, kMaxThreads = 1024;

// What one launch does, the same for all its blocks.
struct Grid {
  const Kernel* kernel;
  Index3 gridDim, blockDim;
  unsigned sharedBytes;
  void** arguments;
  Order order;
};

// Why a launch failed: a CUDA error code and a sentence.
struct Fault {
  int code = 0;
  std::string message;
};

class BlockRunner {
 public:
  // The calling OS thread's runner, or null while it runs no kernel.
  static BlockRunner* running();

  BlockRunner();

  // Runs one block; false: it failed, fault() says why.
  bool runBlock(const Grid& grid, const Index3& block);
  const Fault& fault() const { return fault_; }
  // Largest static shared memory of a block since the last call.
  size_t takeStaticPeak() {
    size_t peak = staticPeak_;
    staticPeak_ = 0;
    return peak;
  }

  // Called by the block's threads, on their fibers.
  void syncthreads();
  const unsigned long long* exchange(unsigned mask, unsigned collective, unsigned long long value);
  unsigned vote(unsigned mask, unsigned collective, unsigned predicate);
  void* staticShared(const void* declaration, size_t bytes, size_t alignment, const char* name);
  // Abandons the block's fibers. Also called by the signal handler.
  [[noreturn]] void fail(int code, std::string message);
  // "kernel rmsnorm, block (1,0,0), thread (5,0,0)"
  std::string where() const;
  std::string describeAddress(uintptr_t address) const;

 private:
  struct Fiber {
    Context context;
    Stack stack;
  };
  struct Thread : ThreadView {
    Fiber* fiber;  // null until it starts
  };
  // Lanes that meet: one per distinct mask. Two buffers, as a fast lane may be at the next meeting while a slow one still reads.
  struct Meeting {
    unsigned mask, arrived, unread, phase, collective;
    unsigned votes[2];
    unsigned long long values[2][kWarp];
  };
  struct Warp {
    unsigned existing, ready, waiting, atBarrier, exited;
    unsigned numMeetings;
    Meeting meetings[kWarp];
  };
  struct StaticShared {
    const void* declaration;
    unsigned char* memory;
    size_t bytes;
    const char* name;
  };

  static void carrier();
  Thread* next();
  bool nextWarp();
  void suspend();
  void finish();
  void start(Thread& thread);
  Meeting& meeting(Warp& warp, unsigned mask);
  Meeting* makeMeeting(Warp& warp, unsigned mask);
  Meeting& arrive(unsigned mask, unsigned collective, unsigned long long value, unsigned predicate, unsigned& phase);
  [[noreturn]] void failStuck();
  [[noreturn]] void failArrival(unsigned mask, unsigned collective, const Meeting* meeting);
  void prepareShared();
  bool checkShared();
  std::string name(unsigned thread) const;

  const Grid* grid_ = nullptr;
  Index3 blockDim_ = {0, 0, 0};  // for which threads_ holds the indices
  unsigned numThreads_ = 0, numWarps_ = 0, alive_ = 0, arrived_ = 0, current_ = 0;
  Thread threads_[kMaxThreads];
  Warp warps_[kMaxThreads / kWarp];
  std::deque<Fiber> fibers_;
  std::vector<Fiber*> freeFibers_;
  Context scheduler_, discarded_;
  Fault fault_;
  unsigned char* sharedMemory_ = nullptr;  // static from the front, dynamic against the guard page at the end
  size_t staticUsed_ = 0, staticPeak_ = 0;
  std::vector<StaticShared> statics_;
};

}  // namespace swcuda
