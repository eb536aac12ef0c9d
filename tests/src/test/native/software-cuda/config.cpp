// Reads the settings of the software device.
#include "config.h"

#include <cstdio>
#include <cstdlib>

namespace swcuda {
namespace {

bool number(const std::string& text, long lowest, long highest, long& out) {
  char* end = nullptr;
  out = strtol(text.c_str(), &end, 10);
  return !text.empty() && *end == 0 && out >= lowest && out <= highest;
}

bool set(Config& c, const std::string& key, const std::string& value, std::string& error) {
  long n = 0;
  if (key == "ORDER") {
    c.order = value == "reversed" ? Order::kReversed : Order::kForward;
    if (value == "reversed" || value == "forward") return true;
    error = "forward or reversed";
  } else if (key == "STREAMS") {
    c.deferred = value == "deferred";
    if (value == "deferred" || value == "immediate") return true;
    error = "immediate or deferred";
  } else if (key == "THREADS") {
    if (number(value, 1, 64, n)) return c.threads = static_cast<int>(n), true;
    error = "1 to 64";
  } else if (key == "MEMORY_MIB") {
    if (number(value, 1, 1 << 19, n)) return c.memoryBytes = static_cast<size_t>(n) << 20, true;
    error = "1 to 524288";
  } else if (key == "ALIGNMENT") {
    if (number(value, 16, 4096, n) && (n & (n - 1)) == 0) return c.alignment = static_cast<size_t>(n), true;
    error = "a power of two from 16 to 4096";
  } else if (key == "COMPUTE_CAPABILITY") {
    if (sscanf(value.c_str(), "%d.%d", &c.major, &c.minor) == 2) return true;
    error = "such as 9.0";
  } else if (key == "CACHE") {
    if (!value.empty()) return c.cache = value, true;
    error = "a folder";
  } else {
    error = key + " is an unknown key; there are ORDER, STREAMS, THREADS, MEMORY_MIB, ALIGNMENT, COMPUTE_CAPABILITY, CACHE";
    return false;
  }
  error = key + " is " + value + ", must be " + error;
  return false;
}

Config fromEnvironment() {
  Config c;
  const char* cacheHome = getenv("XDG_CACHE_HOME");
  const char* home = getenv("HOME");
  c.cache = cacheHome != nullptr ? cacheHome : std::string(home != nullptr ? home : "/tmp") + "/.cache";
  c.cache += "/score4j/software-cuda";
  for (const char* key : {"ORDER", "STREAMS", "THREADS", "MEMORY_MIB", "ALIGNMENT", "COMPUTE_CAPABILITY", "CACHE"}) {
    const char* value = getenv((std::string("SCORE4J_SOFTWARE_CUDA_") + key).c_str());
    std::string error;
    if (value != nullptr && !set(c, key, value, error)) {
      fprintf(stderr, "software CUDA device: SCORE4J_SOFTWARE_CUDA_%s; the default is used\n", error.c_str());
    }
  }
  return c;
}

}  // namespace

Config& config() {
  static Config instance = fromEnvironment();
  return instance;
}

bool configure(const std::string& key, const std::string& value, std::string& error) {
  Config changed = config();
  if (!set(changed, key, value, error)) return false;
  config() = changed;
  return true;
}

}  // namespace swcuda
