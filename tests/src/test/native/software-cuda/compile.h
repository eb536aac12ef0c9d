// Compiles CUDA C++ to a shared library with g++, once per distinct content.
#pragma once
#include <string>
#include <utility>
#include <vector>

namespace swcuda {

struct Source {
  std::string name, text;
  std::vector<std::pair<std::string, std::string>> headers;  // name and text
  std::vector<std::string> flags;                            // for g++: -D, -U, -I, -std, -ffp-contract
};

// The library's path, or empty with g++'s messages in the log. Warnings are in the log too.
std::string compile(const Source& source, std::string& log);

}  // namespace swcuda
