// Shared memory of a block: poisoned before each block, margins after static arrays, a guard page after the dynamic one.
#include <sys/mman.h>

#include <cstring>
#include <new>

#include "block.h"
#include "driver_types.h"
#include "poison.h"

namespace swcuda {
namespace {

constexpr size_t kStaticBytes = 256 << 10, kDynamicBytes = 256 << 10, kPage = 4096, kMargin = 64;

size_t roundUp(size_t n, size_t to) { return (n + to - 1) / to * to; }

}  // namespace

void BlockRunner::prepareShared() {
  if (sharedMemory_ == nullptr) {
    size_t bytes = kStaticBytes + kDynamicBytes + kPage;
    void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    sharedMemory_ = static_cast<unsigned char*>(memory);
    mprotect(sharedMemory_ + kStaticBytes + kDynamicBytes, kPage, PROT_NONE);
  }
  statics_.clear();
  staticUsed_ = 0;
  // Against the guard page, so that an access past the end faults (up to the 16 bytes that alignment needs).
  size_t bytes = roundUp(grid_->sharedBytes, 16);
  swcuda_block.dynamicShared = sharedMemory_ + kStaticBytes + kDynamicBytes - bytes;
  if (bytes != 0) poison(swcuda_block.dynamicShared - kMargin, bytes + kMargin);
}

void* BlockRunner::staticShared(const void* declaration, size_t bytes, size_t alignment, const char* name) {
  for (const StaticShared& s : statics_) {
    if (s.declaration == declaration) return s.memory;
  }
  size_t offset = roundUp(staticUsed_ + (statics_.empty() ? kMargin : 0), alignment < 16 ? 16 : alignment);
  size_t padded = roundUp(bytes, 16) + kMargin;
  if (offset + padded > kStaticBytes) {
    fail(kErrorLaunchFailed, where() + ": __shared__ " + name + " does not fit into shared memory");
  }
  statics_.push_back({declaration, sharedMemory_ + offset, bytes, name});
  staticUsed_ = offset + padded;
  poison(sharedMemory_ + offset, padded);
  size_t total = 0;
  for (const StaticShared& s : statics_) total += roundUp(s.bytes, 16);
  if (total > staticPeak_) staticPeak_ = total;
  return sharedMemory_ + offset;
}

// Whether the margins behind the block's shared arrays still hold the poison; records a fault where not.
bool BlockRunner::checkShared() {
  const char* overrun = nullptr;
  for (const StaticShared& s : statics_) {
    size_t padded = roundUp(s.bytes, 16) + kMargin;
    if (!poisoned(s.memory + s.bytes, padded - s.bytes)) overrun = s.name;
  }
  size_t dynamic = grid_->sharedBytes;
  if (dynamic != 0 && (!poisoned(swcuda_block.dynamicShared - kMargin, kMargin) ||
                       !poisoned(swcuda_block.dynamicShared + dynamic, roundUp(dynamic, 16) - dynamic))) {
    overrun = "dynamic shared memory";
  }
  if (overrun == nullptr) return true;
  fault_.code = kErrorIllegalAddress;
  fault_.message = std::string("kernel ") + grid_->kernel->name + ", block (" + std::to_string(swcuda_block.block.x) + "," +
                   std::to_string(swcuda_block.block.y) + "," + std::to_string(swcuda_block.block.z) +
                   ") writes outside of __shared__ " + overrun;
  return false;
}

}  // namespace swcuda
