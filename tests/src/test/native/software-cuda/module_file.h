// A compiled module as bytes: what nvrtcGetCUBIN gives and cuModuleLoadData takes. A header with size and checksum, then a shared
// library. As PTX, which is text, a module is the path of that library in the cache.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

namespace swcuda {

struct ModuleHeader {
  char magic[8];
  uint64_t build;  // buildNumber() of the compiler: a cache may hold modules of an earlier one
  uint64_t bytes;  // of the library that follows
  uint64_t checksum;
};

constexpr char kModuleMagic[9] = "SWCUBIN1";
constexpr char kModulePathPrefix[] = "// software CUDA module ";

// FNV-1a over words of 8 bytes.
inline uint64_t checksum(const void* data, size_t bytes, uint64_t seed = 0xcbf29ce484222325ull) {
  const unsigned char* p = static_cast<const unsigned char*>(data);
  uint64_t hash = seed ^ bytes;
  for (; bytes >= 8; p += 8, bytes -= 8) {
    uint64_t word;
    memcpy(&word, p, 8);
    hash = (hash ^ word) * 0x100000001b3ull;
    hash ^= hash >> 29;
  }
  for (; bytes > 0; p++, bytes--) hash = (hash ^ *p) * 0x100000001b3ull;
  return hash;
}

// Of these sources (SWCUDA_BUILD comes from build.sh) and of the flags a person adds.
inline uint64_t buildNumber() {
  const char* flags = getenv("SCORE4J_SOFTWARE_CUDA_FLAGS");
  return checksum(flags, flags == nullptr ? 0 : strlen(flags), SWCUDA_BUILD);
}

inline std::string hex(uint64_t value) {
  static const char digits[] = "0123456789abcdef";
  std::string text(16, '0');
  for (int i = 15; i >= 0; i--, value >>= 4) text[static_cast<size_t>(i)] = digits[value & 15];
  return text;
}

}  // namespace swcuda

// Offered by libcuda.so.1 to libnvrtc.so.12: where compiled kernels are kept, and the folder of the libraries.
extern "C" const char* swcuda_cache_folder();
extern "C" const char* swcuda_library_folder();
