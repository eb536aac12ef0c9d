// What g++'s checks inside of kernels call: alignment of accesses, which the hardware insists on and this processor does not, and
// indices of arrays of known size, shared and local ones. Kernels are compiled with -fsanitize=alignment,bounds.
#include <cstdint>
#include <string>

#include "block.h"
#include "driver_types.h"

using namespace swcuda;

namespace {

// As g++ lays them out.
struct Location {
  const char* file;
  uint32_t line, column;
};
struct Type {
  uint16_t kind, info;
  char name[1];
};
struct Mismatch {
  Location location;
  const Type* type;
  unsigned char logAlignment, access;
};
struct OutOfBounds {
  Location location;
  const Type *array, *index;
};

std::string text(const Location& at) { return std::string(at.file) + ":" + std::to_string(at.line); }

}  // namespace

#define SWCUDA_EXPORT extern "C" __attribute__((visibility("default"))) void

SWCUDA_EXPORT __ubsan_handle_type_mismatch_v1(const Mismatch* data, uintptr_t address) {
  BlockRunner* runner = BlockRunner::running();
  unsigned alignment = 1u << data->logAlignment;
  runner->fail(kErrorMisalignedAddress, runner->where() + ", " + text(data->location) + ": access to " + data->type->name + " at " +
                                            runner->describeAddress(address) + ", which is no multiple of " + std::to_string(alignment));
}

SWCUDA_EXPORT __ubsan_handle_out_of_bounds(const OutOfBounds* data, uintptr_t index) {
  BlockRunner* runner = BlockRunner::running();
  runner->fail(kErrorIllegalAddress, runner->where() + ", " + text(data->location) + ": index " + std::to_string(static_cast<int64_t>(index)) +
                                         " is outside of " + data->array->name);
}
