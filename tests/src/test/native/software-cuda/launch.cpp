// Runs grids: checks the launch as the driver does, runs block after block, checks the margins of what it was given.
#include <atomic>
#include <cstdio>
#include <thread>

#include "device.h"

namespace swcuda {
namespace {

std::string text(const Index3& i) {
  return "(" + std::to_string(i.x) + "," + std::to_string(i.y) + "," + std::to_string(i.z) + ")";
}

Index3 blockAt(const Index3& grid, uint64_t i) {
  return {static_cast<unsigned>(i % grid.x), static_cast<unsigned>(i / grid.x % grid.y),
          static_cast<unsigned>(i / (static_cast<uint64_t>(grid.x) * grid.y))};
}

}  // namespace

Device& Device::instance() {
  static Device* device = new Device();  // never destroyed: other threads may still call while the process ends
  return *device;
}

Result Device::report(Result code, const std::string& message) {
  lastFault = message;
  fprintf(stderr, "software CUDA device: %s: %s\n", errorText(code)->name, message.c_str());
  return code;
}

Result Device::fail(Result code, const std::string& message) {
  sticky = code;
  return report(code, message);
}

unsigned maxSharedOptIn() {
  int capability = config().major * 10 + config().minor;
  return (capability == 80 || capability == 87 ? 163u : capability < 80 ? 64u : capability < 90 ? 99u : capability >= 120 ? 99u : 227u) << 10;
}

bool Device::checkPointers(const Function& function, void** arguments, std::vector<const Allocation*>& used) {
  used.clear();
  const Kernel& kernel = *function.kernel;
  for (unsigned i = 0; i < kernel.numParameters; i++) {
    if (!kernel.parameters[i].pointer) continue;
    uintptr_t address = *static_cast<uintptr_t*>(arguments[i]);
    if (address == 0) continue;
    const Allocation* allocation = memory.find(address, 0);
    if (allocation == nullptr) {
      fail(kErrorIllegalAddress, std::string("kernel ") + kernel.name + ", argument " + std::to_string(i) + ": " + memory.describe(address));
      return false;
    }
    used.push_back(allocation);
  }
  return true;
}

Result Device::launch(const Function& function, const Index3& grid, const Index3& block, unsigned sharedBytes, void** arguments) {
  if (sticky != kSuccess) return sticky;
  if (!checkPointers(function, arguments, used_)) return sticky;
  launches++;
  Grid work = {function.kernel, grid, block, sharedBytes, arguments, config().order};
  uint64_t numBlocks = static_cast<uint64_t>(grid.x) * grid.y * grid.z;
  size_t numRunners = static_cast<size_t>(config().threads);
  if (numRunners > numBlocks) numRunners = static_cast<size_t>(numBlocks);
  while (runners_.size() < numRunners) runners_.push_back(std::make_unique<BlockRunner>());
  installFaultHandlers();

  std::atomic<uint64_t> nextBlock{0};
  std::atomic<int> failed{-1};
  auto runBlocks = [&](size_t runner) {
    FaultStack faultStack;
    for (;;) {
      uint64_t i = nextBlock.fetch_add(1, std::memory_order_relaxed);
      if (i >= numBlocks || failed.load(std::memory_order_relaxed) >= 0) return;
      if (!runners_[runner]->runBlock(work, blockAt(grid, work.order == Order::kForward ? i : numBlocks - 1 - i))) {
        failed = static_cast<int>(runner);
      }
    }
  };
  if (numRunners == 1) {
    runBlocks(0);
  } else {
    std::vector<std::thread> helpers;
    for (size_t i = 1; i < numRunners; i++) helpers.emplace_back(runBlocks, i);
    runBlocks(0);
    for (std::thread& helper : helpers) helper.join();
  }
  if (failed >= 0) {
    const Fault& fault = runners_[static_cast<size_t>(failed)]->fault();
    return fail(fault.code, fault.message);
  }
  for (size_t i = 0; i < numRunners; i++) {
    unsigned seen = static_cast<unsigned>(runners_[i]->takeStaticPeak());
    if (seen > function.staticShared) function.staticShared = seen;
  }
  for (const Allocation* allocation : used_) {
    if (memory.marginsBroken(*allocation)) {
      return fail(kErrorIllegalAddress, std::string("kernel ") + function.kernel->name + ", grid " + text(grid) + ", blocks of " +
                                            text(block) + " writes outside of " + memory.describe(*allocation));
    }
  }
  return kSuccess;
}

std::string BlockRunner::describeAddress(uintptr_t address) const {
  uintptr_t shared = reinterpret_cast<uintptr_t>(sharedMemory_);
  if (shared != 0 && address >= shared && address < shared + (1 << 20)) {
    uintptr_t dynamic = reinterpret_cast<uintptr_t>(swcuda_block.dynamicShared) + grid_->sharedBytes;
    if (address >= dynamic) return std::to_string(address - dynamic) + " bytes past the end of dynamic shared memory";
  }
  for (const Fiber& fiber : fibers_) {
    uintptr_t stack = reinterpret_cast<uintptr_t>(fiber.stack.memory);
    if (address < stack && stack - address <= kStackGuard) return "memory beyond its stack: local arrays or recursion too large";
  }
  return Device::instance().memory.describe(address);
}

}  // namespace swcuda
