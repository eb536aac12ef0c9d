// Small files, written so that another process sees all of one or nothing.
#pragma once
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <string>

namespace swcuda {

inline bool exists(const std::string& path) { return access(path.c_str(), R_OK) == 0; }

inline bool makeFolders(const std::string& path) {
  for (size_t i = 1; i <= path.size(); i++) {
    if (i == path.size() || path[i] == '/') mkdir(path.substr(0, i).c_str(), 0777);
  }
  return access(path.c_str(), W_OK) == 0;
}

inline bool readFile(const std::string& path, std::string& content) {
  FILE* file = fopen(path.c_str(), "rb");
  if (file == nullptr) return false;
  content.clear();
  char buffer[65536];
  size_t n;
  while ((n = fread(buffer, 1, sizeof(buffer), file)) > 0) content.append(buffer, n);
  bool ok = ferror(file) == 0;
  fclose(file);
  return ok;
}

inline bool writeFile(const std::string& path, const void* data, size_t bytes) {
  FILE* file = fopen(path.c_str(), "wb");
  if (file == nullptr) return false;
  bool ok = fwrite(data, 1, bytes, file) == bytes;
  return fclose(file) == 0 && ok;
}

// To a name of its own first, then renamed.
inline bool writeAtomically(const std::string& path, const void* data, size_t bytes) {
  std::string temporary = path + ".XXXXXX";
  int fd = mkstemp(&temporary[0]);
  if (fd < 0) return false;
  close(fd);
  if (writeFile(temporary, data, bytes) && rename(temporary.c_str(), path.c_str()) == 0) return true;
  unlink(temporary.c_str());
  return false;
}

}  // namespace swcuda
