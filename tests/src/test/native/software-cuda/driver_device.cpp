// Driver API: initialisation, the device and its context.
#include <cstdio>
#include <cstring>

#include "api.h"

namespace swcuda {

thread_local bool contextIsCurrent = false;

Call::Call(Needs needs) : result(kSuccess), guard_(Device::instance().lock) {
  Device& device = Device::instance();
  if (needs >= kInitialized && !device.initialized) {
    result = kErrorNotInitialized;
  } else if (needs == kContext && !contextIsCurrent) {
    result = device.report(kErrorInvalidContext, "a call from a thread on which no context is current (cuCtxSetCurrent)");
  } else if (needs == kContext) {
    result = device.sticky;
  }
}

namespace {

const ErrorText kErrors[] = {
    {kSuccess, "CUDA_SUCCESS", "no error"},
    {kErrorInvalidValue, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {kErrorOutOfMemory, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {kErrorNotInitialized, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {kErrorInvalidDevice, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {kErrorInvalidImage, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
    {kErrorInvalidContext, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {kErrorAlreadyMapped, "CUDA_ERROR_ALREADY_MAPPED", "resource already mapped"},
    {kErrorNoBinaryForGpu, "CUDA_ERROR_NO_BINARY_FOR_GPU", "no kernel image is available for execution on the device"},
    {kErrorInvalidHandle, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {kErrorNotFound, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {kErrorNotReady, "CUDA_ERROR_NOT_READY", "device not ready"},
    {kErrorIllegalAddress, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
    {kErrorLaunchOutOfResources, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch"},
    {kErrorMisalignedAddress, "CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address"},
    {kErrorLaunchFailed, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {kErrorNotSupported, "CUDA_ERROR_NOT_SUPPORTED", "operation not supported"},
    {kErrorStreamCaptureUnsupported, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "operation not permitted when stream is capturing"},
    {kErrorStreamCaptureInvalidated, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", "operation failed due to a previous error during capture"},
    {kErrorStreamCaptureUnmatched, "CUDA_ERROR_STREAM_CAPTURE_UNMATCHED", "capture was not initiated in this stream"},
    {kErrorStreamCaptureUnjoined, "CUDA_ERROR_STREAM_CAPTURE_UNJOINED", "capturing stream has unjoined work"},
    {kErrorStreamCaptureImplicit, "CUDA_ERROR_STREAM_CAPTURE_IMPLICIT", "operation would make the legacy stream depend on a capturing blocking stream"},
};
const ErrorText kUnknown = {-1, "CUDA_ERROR_UNKNOWN", "unknown error"};

void* const kContext = reinterpret_cast<void*>(0x5c04e4);

int attribute(int which) {
  switch (which) {
    case 1: return kMaxThreads;                                        // max threads per block
    case 2: case 3: return 1024;                                       // block x, y
    case 4: return 64;                                                 // block z
    case 5: return 0x7fffffff;                                         // grid x
    case 6: case 7: return 65535;                                      // grid y, z
    case 8: return 48 << 10;                                           // shared memory per block
    case 10: return kWarp;                                             // warp size
    case 12: return 65536;                                             // registers per block
    case 13: return 1500000;                                           // clock, kHz
    case 14: return static_cast<int>(config().alignment);              // texture alignment
    case 15: case 40: return 1;                                        // overlap, async engines
    case 16: return 4;                                                 // multiprocessors
    case 19: case 41: return 1;                                        // host memory mapping, unified addressing
    case 20: case 32: return 0;                                        // compute mode, ECC
    case 36: return 1000000;                                           // memory clock, kHz
    case 37: return 256;                                               // bus width, bits
    case 38: return 32 << 20;                                          // L2 bytes
    case 39: return 2048;                                              // threads per multiprocessor
    case 75: return config().major;
    case 76: return config().minor;
    case 81: return static_cast<int>(maxSharedOptIn() + 1024);         // shared memory per multiprocessor
    case 82: return 65536;                                             // registers per multiprocessor
    case 97: return static_cast<int>(maxSharedOptIn());                // shared memory per block, opt-in
    case 106: return 32;                                               // blocks per multiprocessor
    case 111: return 1024;                                             // shared memory reserved per block
    default: return 0;
  }
}

}  // namespace

const ErrorText* errorText(Result code) {
  for (const ErrorText& e : kErrors) {
    if (e.code == code) return &e;
  }
  return &kUnknown;
}

}  // namespace swcuda

using namespace swcuda;

SWCUDA_API cuInit(unsigned flags) {
  SWCUDA_BEGIN(kNothing);
  if (flags != 0) return kErrorInvalidValue;
  Device::instance().initialized = true;
  return kSuccess;
}

SWCUDA_API cuDriverGetVersion(int* version) {
  *version = 12060;
  return kSuccess;
}

SWCUDA_API cuGetErrorName(Result code, const char** name) {
  *name = errorText(code)->name;
  return errorText(code)->code == code ? kSuccess : kErrorInvalidValue;
}

SWCUDA_API cuGetErrorString(Result code, const char** text) {
  *text = errorText(code)->text;
  return errorText(code)->code == code ? kSuccess : kErrorInvalidValue;
}

SWCUDA_API cuDeviceGetCount(int* count) {
  SWCUDA_BEGIN(kInitialized);
  *count = 1;
  return kSuccess;
}

SWCUDA_API cuDeviceGet(int* device, int ordinal) {
  SWCUDA_BEGIN(kInitialized);
  if (ordinal != 0) return kErrorInvalidDevice;
  *device = 0;
  return kSuccess;
}

SWCUDA_API cuDeviceGetName(char* name, int length, int device) {
  SWCUDA_BEGIN(kInitialized);
  if (device != 0 || length <= 0) return kErrorInvalidDevice;
  snprintf(name, static_cast<size_t>(length), "Software CUDA device");
  return kSuccess;
}

SWCUDA_API cuDeviceGetUuid(void* uuid, int device) {
  SWCUDA_BEGIN(kInitialized);
  if (device != 0) return kErrorInvalidDevice;
  memcpy(uuid, "score4j-software", 16);
  return kSuccess;
}

SWCUDA_API cuDeviceGetPCIBusId(char* id, int length, int device) {
  SWCUDA_BEGIN(kInitialized);
  if (device != 0) return kErrorInvalidDevice;
  snprintf(id, static_cast<size_t>(length), "0000:00:00.0");
  return kSuccess;
}

SWCUDA_API cuDeviceGetAttribute(int* value, int which, int device) {
  SWCUDA_BEGIN(kInitialized);
  if (device != 0) return kErrorInvalidDevice;
  *value = attribute(which);
  return kSuccess;
}

SWCUDA_API cuDeviceComputeCapability(int* major, int* minor, int device) {
  SWCUDA_BEGIN(kInitialized);
  if (device != 0) return kErrorInvalidDevice;
  *major = config().major;
  *minor = config().minor;
  return kSuccess;
}

SWCUDA_API cuDeviceTotalMem_v2(size_t* bytes, int device) {
  SWCUDA_BEGIN(kInitialized);
  if (device != 0) return kErrorInvalidDevice;
  *bytes = config().memoryBytes;
  return kSuccess;
}

SWCUDA_API cuDevicePrimaryCtxRetain(void** context, int device) {
  SWCUDA_BEGIN(kInitialized);
  if (device != 0) return kErrorInvalidDevice;
  if (Device::instance().sticky != kSuccess) return Device::instance().sticky;
  Device::instance().primaryRetained++;
  *context = swcuda::kContext;
  return kSuccess;
}

// Everything the context held is gone, and with it the error of a failed launch.
static void resetContext() {
  Device& device = Device::instance();
  Streams::instance().reset();
  device.memory.freeAll();
  device.sticky = kSuccess;
}

SWCUDA_API cuDevicePrimaryCtxRelease_v2(int device) {
  SWCUDA_BEGIN(kInitialized);
  if (device != 0) return kErrorInvalidDevice;
  if (Device::instance().primaryRetained == 0) return kErrorInvalidContext;
  if (--Device::instance().primaryRetained == 0) resetContext();
  return kSuccess;
}

SWCUDA_API cuDevicePrimaryCtxReset_v2(int device) {
  SWCUDA_BEGIN(kInitialized);
  if (device != 0) return kErrorInvalidDevice;
  resetContext();
  return kSuccess;
}

SWCUDA_API cuDevicePrimaryCtxGetState(int device, unsigned* flags, int* active) {
  SWCUDA_BEGIN(kInitialized);
  if (device != 0) return kErrorInvalidDevice;
  *flags = 0;
  *active = Device::instance().primaryRetained > 0;
  return kSuccess;
}

SWCUDA_API cuDevicePrimaryCtxSetFlags_v2(int, unsigned) { return kSuccess; }

SWCUDA_API cuCtxCreate_v2(void** context, unsigned, int device) {
  Result result = cuDevicePrimaryCtxRetain(context, device);
  if (result == kSuccess) contextIsCurrent = true;
  return result;
}

SWCUDA_API cuCtxDestroy_v2(void* context) {
  if (context != swcuda::kContext) return kErrorInvalidContext;
  contextIsCurrent = false;
  return cuDevicePrimaryCtxRelease_v2(0);
}

SWCUDA_API cuCtxSetCurrent(void* context) {
  SWCUDA_BEGIN(kInitialized);
  if (context != nullptr && (context != swcuda::kContext || Device::instance().primaryRetained == 0)) return kErrorInvalidContext;
  contextIsCurrent = context != nullptr;
  return kSuccess;
}

SWCUDA_API cuCtxPushCurrent_v2(void* context) { return cuCtxSetCurrent(context); }

SWCUDA_API cuCtxPopCurrent_v2(void** context) {
  *context = contextIsCurrent ? swcuda::kContext : nullptr;
  contextIsCurrent = false;
  return kSuccess;
}

SWCUDA_API cuCtxGetCurrent(void** context) {
  SWCUDA_BEGIN(kInitialized);
  *context = contextIsCurrent ? swcuda::kContext : nullptr;
  return kSuccess;
}

SWCUDA_API cuCtxGetDevice(int* device) {
  SWCUDA_BEGIN(kContext);
  *device = 0;
  return kSuccess;
}

SWCUDA_API cuCtxGetStreamPriorityRange(int* least, int* greatest) {
  SWCUDA_BEGIN(kContext);
  *least = 0;
  *greatest = -5;
  return kSuccess;
}

SWCUDA_API cuCtxSynchronize() {
  SWCUDA_BEGIN(kContext);
  Result result = Streams::instance().forbiddenInCapture("cuCtxSynchronize");
  return result == kSuccess ? Streams::instance().drainAll() : result;
}

// ---- For tests: settings and what was seen ----

// Sets what the environment variable SCORE4J_SOFTWARE_CUDA_<key> sets. 0 where it was understood.
extern "C" __attribute__((visibility("default"))) int swcudaConfigure(const char* key, const char* value) {
  SWCUDA_BEGIN(kNothing);
  std::string error;
  if (configure(key, value, error)) return 0;
  Device::instance().report(kErrorInvalidValue, error);
  return 1;
}

// The sentence of the last error reported.
extern "C" __attribute__((visibility("default"))) const char* swcudaLastFault() { return Device::instance().lastFault.c_str(); }

// Kernels launched since the process started, replays of graphs included.
extern "C" __attribute__((visibility("default"))) unsigned long swcudaLaunches() { return Device::instance().launches; }
