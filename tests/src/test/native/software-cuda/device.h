// The one software device: its memory, its error state, its streams. Every API call holds its lock.
#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "block.h"
#include "config.h"
#include "memory.h"

namespace swcuda {

struct Function;

class Device {
 public:
  static Device& instance();

  std::recursive_mutex lock;
  Memory memory;
  bool initialized = false;
  int primaryRetained = 0;
  // A failed launch makes every later call fail, as on the hardware, until the primary context is reset.
  Result sticky = kSuccess;
  std::string lastFault;
  unsigned long launches = 0;

  // Runs a grid and waits for it.
  Result launch(const Function& function, const Index3& grid, const Index3& block, unsigned sharedBytes, void** arguments);
  // Reports on stderr, keeps the message and returns the code.
  Result report(Result code, const std::string& message);
  // As report, and all later calls fail.
  Result fail(Result code, const std::string& message);

 private:
  bool checkPointers(const Function& function, void** arguments, std::vector<const Allocation*>& used);
  std::vector<std::unique_ptr<BlockRunner>> runners_;
  std::vector<const Allocation*> used_;
};

// A kernel of a loaded module and its attributes.
struct Function {
  const Kernel* kernel;
  struct Module* module;
  unsigned maxDynamicShared = 48u << 10;
  mutable unsigned staticShared = 0;  // largest seen so far; unknown before the first launch
};

unsigned maxSharedOptIn();

// Makes memory faults inside of kernels come back as a failed block. Other faults go to the handlers that were there before.
void installFaultHandlers();
// Where the signal handler can run when a fiber's stack is exhausted; for the time of a launch.
class FaultStack {
 public:
  FaultStack();
  ~FaultStack();
};

}  // namespace swcuda
