// Allocations between guard pages.
#include "memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>

#include "config.h"
#include "poison.h"

namespace swcuda {
namespace {

constexpr size_t kPage = 4096;
// Pages come poisoned from one file of this size, copied when first written: an arena of gigabytes costs only what is used of it.
constexpr size_t kPoisonFileBytes = 2 << 20;
constexpr size_t kKeptFreed = 10000;

size_t roundUp(size_t n, size_t to) { return (n + to - 1) / to * to; }

}  // namespace

bool Memory::reserve() {
  for (size_t bytes = size_t{1} << 40; bytes >= size_t{1} << 34; bytes >>= 1) {
    void* range = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED) continue;
    begin_ = next_ = reinterpret_cast<uintptr_t>(range);
    end_ = next_ + bytes;
    return true;
  }
  return false;
}

uintptr_t Memory::allocate(size_t bytes, MemoryKind kind) {
  if (begin_ == 0 && !reserve()) return 0;
  if (kind == MemoryKind::kDevice && (bytes > config().memoryBytes || used_ + bytes > config().memoryBytes)) return 0;
  size_t aligned = roundUp(bytes, config().alignment);
  size_t pageBytes = roundUp(aligned, kPage);
  if (pageBytes < bytes || next_ + pageBytes + 2 * kPage > end_) return 0;
  uintptr_t pages = next_ + kPage;
  if (!mapPoison(pages, pageBytes)) return 0;
  next_ = pages + pageBytes;
  Allocation a = {pages + pageBytes - aligned, bytes, pages, pageBytes, ++count_, kind};
  live_[a.address] = a;
  if (kind == MemoryKind::kDevice) used_ += bytes;
  return a.address;
}

// A file with the poison, or -1.
int Memory::poisonFile() {
  int file = memfd_create("poison", MFD_CLOEXEC);
  if (file < 0) return -1;
  if (ftruncate(file, kPoisonFileBytes) == 0) {
    void* view = mmap(nullptr, kPoisonFileBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (view != MAP_FAILED) {
      poison(view, kPoisonFileBytes);
      munmap(view, kPoisonFileBytes);
      return file;
    }
  }
  close(file);
  return -1;
}

bool Memory::mapPoison(uintptr_t pages, size_t bytes) {
  static const int file = poisonFile();
  if (file < 0) {
    if (mprotect(reinterpret_cast<void*>(pages), bytes, PROT_READ | PROT_WRITE) != 0) return false;
    poison(reinterpret_cast<void*>(pages), bytes);
    return true;
  }
  for (size_t done = 0; done < bytes; done += kPoisonFileBytes) {
    size_t part = bytes - done < kPoisonFileBytes ? bytes - done : kPoisonFileBytes;
    void* mapped = mmap(reinterpret_cast<void*>(pages + done), part, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, file, 0);
    if (mapped == MAP_FAILED) return false;
  }
  return true;
}

Result Memory::free(uintptr_t address, MemoryKind kind, std::string& error) {
  auto found = live_.find(address);
  if (found == live_.end() || found->second.kind != kind) {
    error = "freed address is not the start of an allocation: " + describe(address);
    return kErrorInvalidValue;
  }
  Allocation a = found->second;
  Result result = kSuccess;
  if (marginsBroken(a)) {
    error = describe(a) + " was written outside of its bounds before it was freed";
    result = kErrorIllegalAddress;
  }
  mmap(reinterpret_cast<void*>(a.pages), a.pageBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  if (kind == MemoryKind::kDevice) used_ -= a.bytes;
  live_.erase(found);
  freed_[a.address] = a;
  if (freed_.size() > kKeptFreed) freed_.erase(freed_.begin());
  return result;
}

void Memory::freeAll() {
  std::string ignored;
  while (!live_.empty()) {
    Allocation a = live_.begin()->second;
    free(a.address, a.kind, ignored);
  }
}

const Allocation* Memory::find(uintptr_t address, size_t bytes) const {
  auto after = live_.upper_bound(address);
  if (after == live_.begin()) return nullptr;
  const Allocation& a = std::prev(after)->second;
  return address - a.address <= a.bytes && bytes <= a.bytes - (address - a.address) ? &a : nullptr;
}

bool Memory::marginsBroken(const Allocation& a) {
  // In front only the nearest bytes: the whole page would cost more than many a kernel.
  size_t front = a.address - a.pages < 256 ? a.address - a.pages : 256;
  uintptr_t end = a.address + a.bytes;
  size_t back = a.pages + a.pageBytes - end;
  if (poisoned(reinterpret_cast<void*>(a.address - front), front) && poisoned(reinterpret_cast<void*>(end), back)) return false;
  poison(reinterpret_cast<void*>(a.address - front), front);
  poison(reinterpret_cast<void*>(end), back);
  return true;
}

std::string Memory::describe(const Allocation& a) const {
  char text[160];
  snprintf(text, sizeof(text), "%s allocation #%lu (%zu bytes at 0x%lx)", a.kind == MemoryKind::kDevice ? "device" : "pinned",
           a.number, a.bytes, static_cast<unsigned long>(a.address));
  return text;
}

std::string Memory::describe(uintptr_t address) const {
  char text[64];
  snprintf(text, sizeof(text), "0x%lx", static_cast<unsigned long>(address));
  std::string result = text;
  if (address < begin_ || address >= next_ + kPage || begin_ == 0) {
    return result + (address < 4096 ? " (null)" : ", no device memory");
  }
  const Allocation* nearest = nullptr;
  bool wasFreed = false;
  uintptr_t distance = ~uintptr_t{0};
  for (const auto* allocations : {&live_, &freed_}) {
    auto after = allocations->upper_bound(address);
    for (int side = 0; side < 2; side++) {
      if (side == 1 && after == allocations->begin()) break;
      auto candidate = side == 0 ? after : std::prev(after);
      if (candidate == allocations->end()) continue;
      const Allocation& a = candidate->second;
      uintptr_t d = address < a.address ? a.address - address : address < a.address + a.bytes ? 0 : address - (a.address + a.bytes) + 1;
      if (d < distance) distance = d, nearest = &a, wasFreed = allocations == &freed_;
    }
  }
  if (nearest == nullptr) return result + ", no device memory";
  if (distance == 0) return result + ", inside of " + (wasFreed ? "the freed " : "") + describe(*nearest);
  bool before = address < nearest->address;
  return result + ", " + std::to_string(before ? distance : distance - 1) + " bytes " + (before ? "before " : "past the end of ") +
         (wasFreed ? "the freed " : "") + describe(*nearest);
}

bool Memory::pinned(const void* host, size_t bytes) const {
  uintptr_t address = reinterpret_cast<uintptr_t>(host);
  const Allocation* a = find(address, bytes);
  if (a != nullptr) return a->kind == MemoryKind::kPinned;
  auto after = registered_.upper_bound(address);
  if (after == registered_.begin()) return false;
  auto entry = std::prev(after);
  return address - entry->first + bytes <= entry->second;
}

}  // namespace swcuda
