// The parts of the CUDA driver API that the software device offers: result codes and attributes by their published values.
#pragma once
#include <cstddef>
#include <cstdint>

namespace swcuda {

typedef int Result;
typedef uint64_t DevicePointer;

enum : Result {
  kSuccess = 0,
  kErrorInvalidValue = 1,
  kErrorOutOfMemory = 2,
  kErrorNotInitialized = 3,
  kErrorInvalidDevice = 101,
  kErrorInvalidImage = 200,
  kErrorInvalidContext = 201,
  kErrorNoBinaryForGpu = 209,
  kErrorInvalidHandle = 400,
  kErrorNotFound = 500,
  kErrorNotReady = 600,
  kErrorIllegalAddress = 700,
  kErrorLaunchOutOfResources = 701,
  kErrorAlreadyMapped = 208,
  kErrorMisalignedAddress = 716,
  kErrorLaunchFailed = 719,
  kErrorNotSupported = 801,
  kErrorStreamCaptureUnsupported = 900,
  kErrorStreamCaptureInvalidated = 901,
  kErrorStreamCaptureUnmatched = 903,
  kErrorStreamCaptureUnjoined = 904,
  kErrorStreamCaptureImplicit = 906,
};

struct ErrorText {
  Result code;
  const char* name;
  const char* text;
};
const ErrorText* errorText(Result code);

}  // namespace swcuda

#define SWCUDA_API extern "C" __attribute__((visibility("default"))) swcuda::Result
