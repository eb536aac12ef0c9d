// Device and pinned memory. Every allocation stands alone in a large reserved range: a guard page on both sides, poisoned margins
// up to them, its end against the guard. Addresses are never used twice, so a use after free faults too.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "driver_types.h"

namespace swcuda {

enum class MemoryKind { kDevice, kPinned };

struct Allocation {
  uintptr_t address;
  size_t bytes;
  uintptr_t pages;  // first page and number of bytes that can be accessed
  size_t pageBytes;
  unsigned long number;
  MemoryKind kind;
};

class Memory {
 public:
  // 0 where the device's memory, as configured, is used up.
  uintptr_t allocate(size_t bytes, MemoryKind kind);
  // The result code, and what is wrong.
  Result free(uintptr_t address, MemoryKind kind, std::string& error);
  void freeAll();
  size_t usedBytes() const { return used_; }

  // The allocation that holds [address, address + bytes), or null.
  const Allocation* find(uintptr_t address, size_t bytes) const;
  // Whether somebody wrote into the margins; they are then repaired.
  bool marginsBroken(const Allocation& allocation);
  std::string describe(const Allocation& allocation) const;
  // What lies at or nearest to an address, for messages.
  std::string describe(uintptr_t address) const;
  // Host memory that is page-locked, by cuMemHostAlloc or cuMemHostRegister.
  bool pinned(const void* host, size_t bytes) const;
  void registerHost(uintptr_t address, size_t bytes) { registered_[address] = bytes; }
  bool unregisterHost(uintptr_t address) { return registered_.erase(address) != 0; }

 private:
  bool reserve();
  static int poisonFile();
  static bool mapPoison(uintptr_t pages, size_t bytes);

  std::map<uintptr_t, Allocation> live_, freed_;
  std::map<uintptr_t, size_t> registered_;
  uintptr_t next_ = 0, end_ = 0, begin_ = 0;
  size_t used_ = 0;
  unsigned long count_ = 0;
};

}  // namespace swcuda
