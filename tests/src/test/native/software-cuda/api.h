// What the files of the driver API share.
#pragma once
#include "device.h"
#include "stream.h"

namespace swcuda {

// Held by every API call: the lock, and the checks that the driver makes first.
class Call {
 public:
  enum Needs { kNothing, kInitialized, kContext };
  explicit Call(Needs needs);
  Result result;  // kSuccess: go on; anything else: return it

 private:
  std::lock_guard<std::recursive_mutex> guard_;
};

// The calling OS thread's current context; the device has only one to give.
extern thread_local bool contextIsCurrent;

// What libcublas.so.12 uses: work on a stream like a kernel's, run now or recorded into a graph.
extern "C" int swcuda_submit(void* stream, const char* what, int (*run)(const void* arguments), const void* arguments, size_t bytes);
// kSuccess where [address, address + bytes) is device-accessible memory; else reports under the name `what`.
extern "C" int swcuda_check(const void* address, size_t bytes, const char* what);

}  // namespace swcuda

#define SWCUDA_BEGIN(needs)                           \
  swcuda::Call call(swcuda::Call::needs);             \
  if (call.result != swcuda::kSuccess) return call.result
