// Fills memory that nobody wrote yet, and recognises the fill in margins.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kernel_abi.h"

namespace swcuda {

// The pattern depends on the address alone (0xff at even, 0x7f at odd ones), so that any part of a fill can be checked.
inline void poison(void* memory, size_t bytes) {
  unsigned char* p = static_cast<unsigned char*>(memory);
  size_t i = 0;
  for (; i < bytes && (reinterpret_cast<uintptr_t>(p + i) & 7) != 0; i++) {
    p[i] = (reinterpret_cast<uintptr_t>(p + i) & 1) != 0 ? 0x7f : 0xff;
  }
  const uint64_t word = static_cast<uint64_t>(kPoison) << 32 | kPoison;
  for (; i + 8 <= bytes; i += 8) memcpy(p + i, &word, 8);
  for (; i < bytes; i++) p[i] = (reinterpret_cast<uintptr_t>(p + i) & 1) != 0 ? 0x7f : 0xff;
}

inline bool poisoned(const void* memory, size_t bytes) {
  const unsigned char* p = static_cast<const unsigned char*>(memory);
  for (size_t i = 0; i < bytes; i++) {
    if (p[i] != ((reinterpret_cast<uintptr_t>(p + i) & 1) != 0 ? 0x7f : 0xff)) return false;
  }
  return true;
}

}  // namespace swcuda
