// Driver API: allocation, copies, fills.
#include <cstring>

#include "api.h"

using namespace swcuda;

namespace {

Device& device() { return Device::instance(); }
Streams& streams() { return Streams::instance(); }

// kSuccess where the range is inside of one allocation.
Result check(DevicePointer address, size_t bytes, const char* what) {
  if (bytes == 0 || device().memory.find(address, bytes) != nullptr) return kSuccess;
  return device().report(kErrorInvalidValue, std::string(what) + " of " + std::to_string(bytes) + " bytes at " + device().memory.describe(address));
}

// Both sides of a copy may be host memory, which cannot be checked, or device memory.
Operation copyOperation(void* to, const void* from, size_t bytes, const char* what) {
  return {[=]() -> Result {
            memmove(to, from, bytes);
            return kSuccess;
          },
          what};
}

void* host(DevicePointer address) { return reinterpret_cast<void*>(address); }

Result fill(DevicePointer to, unsigned value, size_t width, size_t count, Stream* stream, const char* what) {
  size_t bytes = width * count;
  if (to % width != 0) return kErrorInvalidValue;
  Result result = check(to, bytes, what);
  if (result != kSuccess) return result;
  Operation operation = {[=] {
                           unsigned char* p = reinterpret_cast<unsigned char*>(to);
                           if (width == 1) {
                             memset(p, static_cast<int>(value & 0xff), count);
                           } else {
                             for (size_t i = 0; i < count; i++) memcpy(p + i * width, &value, width);
                           }
                           return kSuccess;
                         },
                         what};
  return stream == nullptr ? streams().synchronous(std::move(operation)) : streams().submit(*stream, std::move(operation));
}

// An asynchronous copy with host memory on one side. Pageable memory: the driver has read it when the call returns, or has
// written it; only with page-locked memory does the copy run later.
Result copyWithHost(void* to, const void* from, size_t bytes, bool toHost, uintptr_t handle, const char* what) {
  Result result = check(reinterpret_cast<DevicePointer>(toHost ? from : to), bytes, what);
  if (result != kSuccess) return result;
  Stream* stream = streams().find(handle);
  if (stream == nullptr) return kErrorInvalidHandle;
  const void* hostSide = toHost ? to : from;
  bool pinned = device().memory.pinned(hostSide, bytes);
  if (stream->capture != nullptr && !pinned) {
    stream->capture->invalid = true;
    return device().report(kErrorStreamCaptureUnsupported, std::string(what) + " in a capture with host memory that is not page-locked");
  }
  result = streams().submit(*stream, copyOperation(to, from, bytes, what));
  return result == kSuccess && !pinned ? streams().drain(*stream) : result;
}

Result copySync(void* to, const void* from, size_t bytes, const char* what) {
  return streams().synchronous(copyOperation(to, from, bytes, what));
}

}  // namespace

SWCUDA_API cuMemGetInfo_v2(size_t* free, size_t* total) {
  SWCUDA_BEGIN(kContext);
  *total = config().memoryBytes;
  *free = *total > device().memory.usedBytes() ? *total - device().memory.usedBytes() : 0;
  return kSuccess;
}

SWCUDA_API cuMemAlloc_v2(DevicePointer* address, size_t bytes) {
  SWCUDA_BEGIN(kContext);
  if (bytes == 0) return kErrorInvalidValue;
  Result result = streams().forbiddenInCapture("cuMemAlloc");
  if (result != kSuccess) return result;
  *address = device().memory.allocate(bytes, MemoryKind::kDevice);
  return *address != 0 ? kSuccess : kErrorOutOfMemory;
}

SWCUDA_API cuMemFree_v2(DevicePointer address) {
  SWCUDA_BEGIN(kContext);
  if (address == 0) return kSuccess;
  Result result = streams().forbiddenInCapture("cuMemFree");
  if (result == kSuccess) result = streams().drainAll();
  if (result != kSuccess) return result;
  std::string error;
  result = device().memory.free(address, MemoryKind::kDevice, error);
  return result == kSuccess ? result : result == kErrorIllegalAddress ? device().fail(result, error) : device().report(result, error);
}

SWCUDA_API cuMemHostAlloc(void** address, size_t bytes, unsigned) {
  SWCUDA_BEGIN(kContext);
  if (bytes == 0) return kErrorInvalidValue;
  *address = host(device().memory.allocate(bytes, MemoryKind::kPinned));
  return *address != nullptr ? kSuccess : kErrorOutOfMemory;
}

SWCUDA_API cuMemAllocHost_v2(void** address, size_t bytes) { return cuMemHostAlloc(address, bytes, 0); }

SWCUDA_API cuMemFreeHost(void* address) {
  SWCUDA_BEGIN(kContext);
  if (address == nullptr) return kSuccess;
  Result result = streams().drainAll();
  if (result != kSuccess) return result;
  std::string error;
  result = device().memory.free(reinterpret_cast<uintptr_t>(address), MemoryKind::kPinned, error);
  return result == kSuccess ? result : device().report(result, error);
}

SWCUDA_API cuMemHostRegister_v2(void* address, size_t bytes, unsigned) {
  SWCUDA_BEGIN(kContext);
  device().memory.registerHost(reinterpret_cast<uintptr_t>(address), bytes);
  return kSuccess;
}

SWCUDA_API cuMemHostUnregister(void* address) {
  SWCUDA_BEGIN(kContext);
  return device().memory.unregisterHost(reinterpret_cast<uintptr_t>(address)) ? kSuccess : kErrorInvalidValue;
}

SWCUDA_API cuMemHostGetDevicePointer_v2(DevicePointer* out, void* address, unsigned) {
  SWCUDA_BEGIN(kContext);
  if (!device().memory.pinned(address, 1)) return kErrorInvalidValue;
  *out = reinterpret_cast<DevicePointer>(address);
  return kSuccess;
}

SWCUDA_API cuMemGetAddressRange_v2(DevicePointer* base, size_t* bytes, DevicePointer address) {
  SWCUDA_BEGIN(kContext);
  const Allocation* a = device().memory.find(address, 0);
  if (a == nullptr) return kErrorNotFound;
  if (base != nullptr) *base = a->address;
  if (bytes != nullptr) *bytes = a->bytes;
  return kSuccess;
}

SWCUDA_API cuMemcpyHtoD_v2(DevicePointer to, const void* from, size_t bytes) {
  SWCUDA_BEGIN(kContext);
  Result result = check(to, bytes, "cuMemcpyHtoD");
  return result == kSuccess ? copySync(host(to), from, bytes, "cuMemcpyHtoD") : result;
}

SWCUDA_API cuMemcpyDtoH_v2(void* to, DevicePointer from, size_t bytes) {
  SWCUDA_BEGIN(kContext);
  Result result = check(from, bytes, "cuMemcpyDtoH");
  return result == kSuccess ? copySync(to, host(from), bytes, "cuMemcpyDtoH") : result;
}

SWCUDA_API cuMemcpyDtoD_v2(DevicePointer to, DevicePointer from, size_t bytes) {
  SWCUDA_BEGIN(kContext);
  Result result = check(to, bytes, "cuMemcpyDtoD target");
  if (result == kSuccess) result = check(from, bytes, "cuMemcpyDtoD source");
  return result == kSuccess ? copySync(host(to), host(from), bytes, "cuMemcpyDtoD") : result;
}

SWCUDA_API cuMemcpyHtoDAsync_v2(DevicePointer to, const void* from, size_t bytes, uintptr_t stream) {
  SWCUDA_BEGIN(kContext);
  return copyWithHost(host(to), from, bytes, false, stream, "cuMemcpyHtoDAsync");
}

SWCUDA_API cuMemcpyDtoHAsync_v2(void* to, DevicePointer from, size_t bytes, uintptr_t stream) {
  SWCUDA_BEGIN(kContext);
  return copyWithHost(to, host(from), bytes, true, stream, "cuMemcpyDtoHAsync");
}

SWCUDA_API cuMemcpyDtoDAsync_v2(DevicePointer to, DevicePointer from, size_t bytes, uintptr_t handle) {
  SWCUDA_BEGIN(kContext);
  Result result = check(to, bytes, "cuMemcpyDtoDAsync target");
  if (result == kSuccess) result = check(from, bytes, "cuMemcpyDtoDAsync source");
  if (result != kSuccess) return result;
  Stream* stream = streams().find(handle);
  if (stream == nullptr) return kErrorInvalidHandle;
  return streams().submit(*stream, copyOperation(host(to), host(from), bytes, "cuMemcpyDtoDAsync"));
}

#define SWCUDA_MEMSET(suffix, T, width)                                                                        \
  SWCUDA_API cuMemsetD##suffix##_v2(DevicePointer to, T value, size_t count) {                                 \
    SWCUDA_BEGIN(kContext);                                                                                    \
    return fill(to, value, width, count, nullptr, "cuMemsetD" #suffix);                                        \
  }                                                                                                            \
  SWCUDA_API cuMemsetD##suffix##Async(DevicePointer to, T value, size_t count, uintptr_t handle) {             \
    SWCUDA_BEGIN(kContext);                                                                                    \
    Stream* stream = streams().find(handle);                                                                   \
    if (stream == nullptr) return kErrorInvalidHandle;                                                         \
    return fill(to, value, width, count, stream, "cuMemsetD" #suffix "Async");                                 \
  }
SWCUDA_MEMSET(8, unsigned char, 1)
SWCUDA_MEMSET(16, unsigned short, 2)
SWCUDA_MEMSET(32, unsigned, 4)
