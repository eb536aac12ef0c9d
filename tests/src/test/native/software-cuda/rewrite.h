// Turns preprocessed CUDA C++ into C++ that g++ takes. Lines stay where they are.
#pragma once
#include <string>

namespace swcuda {

// False: `error` says in which line what is not understood. The result ends with the table of the kernels.
bool rewrite(const std::string& source, std::string& result, std::string& error);

}  // namespace swcuda
