// Settings of the software device: environment variables SCORE4J_SOFTWARE_CUDA_<KEY>, changed later by swcudaConfigure.
#pragma once
#include <cstddef>
#include <string>

namespace swcuda {

enum class Order { kForward, kReversed };

struct Config {
  Order order = Order::kForward;       // ORDER: forward or reversed
  bool deferred = false;               // STREAMS: immediate or deferred
  int threads = 1;                     // THREADS: OS threads that share the blocks of a grid
  int major = 9, minor = 0;            // COMPUTE_CAPABILITY
  size_t memoryBytes = 4096ull << 20;  // MEMORY_MIB
  size_t alignment = 256;              // ALIGNMENT of allocations in bytes; smaller ones make overruns stricter
  std::string cache;                   // CACHE: folder of compiled kernels
};

// The process's settings. Read from the environment at the first call.
Config& config();

// Sets one value; the error says which values there are.
bool configure(const std::string& key, const std::string& value, std::string& error);

}  // namespace swcuda
