// Driver API: streams, events, graphs.
#include <cstring>

#include "api.h"

using namespace swcuda;

namespace {

Streams& streams() { return Streams::instance(); }

struct GraphHandle {
  std::shared_ptr<Graph> graph;
};

}  // namespace

SWCUDA_API cuStreamCreate(Stream** stream, unsigned flags) {
  SWCUDA_BEGIN(kContext);
  *stream = streams().create((flags & 1) != 0);
  return kSuccess;
}

SWCUDA_API cuStreamCreateWithPriority(Stream** stream, unsigned flags, int) { return cuStreamCreate(stream, flags); }

SWCUDA_API cuStreamDestroy_v2(Stream* stream) {
  SWCUDA_BEGIN(kContext);
  return streams().destroy(stream) ? kSuccess : kErrorInvalidHandle;
}

SWCUDA_API cuStreamSynchronize(uintptr_t handle) {
  SWCUDA_BEGIN(kContext);
  Stream* stream = streams().find(handle);
  if (stream == nullptr) return kErrorInvalidHandle;
  if (stream->capture != nullptr) {
    stream->capture->invalid = true;
    return Device::instance().report(kErrorStreamCaptureUnsupported, "cuStreamSynchronize on a stream that is captured");
  }
  return streams().drain(*stream);
}

SWCUDA_API cuStreamQuery(uintptr_t handle) { return cuStreamSynchronize(handle); }

SWCUDA_API cuStreamGetFlags(uintptr_t handle, unsigned* flags) {
  SWCUDA_BEGIN(kContext);
  Stream* stream = streams().find(handle);
  if (stream == nullptr) return kErrorInvalidHandle;
  *flags = stream->nonBlocking ? 1 : 0;
  return kSuccess;
}

SWCUDA_API cuStreamWaitEvent(uintptr_t handle, Event* event, unsigned) {
  SWCUDA_BEGIN(kContext);
  Stream* stream = streams().find(handle);
  if (stream == nullptr || event == nullptr) return kErrorInvalidHandle;
  return streams().wait(*stream, *event);
}

SWCUDA_API cuStreamIsCapturing(uintptr_t handle, int* status) {
  SWCUDA_BEGIN(kContext);
  Stream* stream = streams().find(handle);
  if (stream == nullptr) return kErrorInvalidHandle;
  *status = stream->capture == nullptr ? 0 : stream->capture->invalid ? 2 : 1;
  return kSuccess;
}

SWCUDA_API cuStreamBeginCapture_v2(uintptr_t handle, int mode) {
  SWCUDA_BEGIN(kContext);
  Stream* stream = streams().find(handle);
  return stream == nullptr ? kErrorInvalidHandle : streams().beginCapture(*stream, mode);
}

SWCUDA_API cuStreamEndCapture(uintptr_t handle, GraphHandle** graph) {
  SWCUDA_BEGIN(kContext);
  *graph = nullptr;
  Stream* stream = streams().find(handle);
  if (stream == nullptr) return kErrorInvalidHandle;
  std::shared_ptr<Graph> captured;
  Result result = streams().endCapture(*stream, captured);
  if (result == kSuccess) *graph = new GraphHandle{captured};
  return result;
}

SWCUDA_API cuGraphInstantiateWithFlags(GraphHandle** executable, GraphHandle* graph, unsigned long long) {
  SWCUDA_BEGIN(kContext);
  if (graph == nullptr) return kErrorInvalidHandle;
  *executable = new GraphHandle{graph->graph};
  return kSuccess;
}

SWCUDA_API cuGraphUpload(GraphHandle*, uintptr_t) { return kSuccess; }

SWCUDA_API cuGraphLaunch(GraphHandle* executable, uintptr_t handle) {
  SWCUDA_BEGIN(kContext);
  Stream* stream = streams().find(handle);
  if (stream == nullptr || executable == nullptr) return kErrorInvalidHandle;
  std::shared_ptr<Graph> graph = executable->graph;
  return streams().submit(*stream, {[graph]() -> Result {
                                      for (const Operation& operation : graph->operations) {
                                        Result result = operation.run();
                                        if (result != kSuccess) return result;
                                      }
                                      return kSuccess;
                                    },
                                    "cuGraphLaunch"});
}

SWCUDA_API cuGraphGetNodes(GraphHandle* graph, void** nodes, size_t* count) {
  SWCUDA_BEGIN(kContext);
  if (nodes != nullptr) return kErrorNotSupported;
  *count = graph->graph->operations.size();
  return kSuccess;
}

SWCUDA_API cuGraphExecDestroy(GraphHandle* executable) {
  SWCUDA_BEGIN(kInitialized);
  delete executable;
  return kSuccess;
}

SWCUDA_API cuGraphDestroy(GraphHandle* graph) {
  SWCUDA_BEGIN(kInitialized);
  delete graph;
  return kSuccess;
}

SWCUDA_API cuEventCreate(Event** event, unsigned flags) {
  SWCUDA_BEGIN(kContext);
  *event = new Event();
  (*event)->timed = (flags & 2) == 0;
  return kSuccess;
}

SWCUDA_API cuEventDestroy_v2(Event* event) {
  SWCUDA_BEGIN(kInitialized);
  if (event == nullptr) return kErrorInvalidHandle;
  if (event->done < event->recorded) streams().drainAll();
  delete event;
  return kSuccess;
}

SWCUDA_API cuEventRecord(Event* event, uintptr_t handle) {
  SWCUDA_BEGIN(kContext);
  Stream* stream = streams().find(handle);
  if (stream == nullptr || event == nullptr) return kErrorInvalidHandle;
  return streams().record(*event, *stream);
}

SWCUDA_API cuEventRecordWithFlags(Event* event, uintptr_t handle, unsigned) { return cuEventRecord(event, handle); }

SWCUDA_API cuEventSynchronize(Event* event) {
  SWCUDA_BEGIN(kContext);
  if (event == nullptr) return kErrorInvalidHandle;
  if (event->graph != nullptr) return streams().forbiddenInCapture("cuEventSynchronize");
  return streams().drainTo(*event);
}

SWCUDA_API cuEventQuery(Event* event) { return cuEventSynchronize(event); }

SWCUDA_API cuEventElapsedTime(float* milliseconds, Event* start, Event* end) {
  SWCUDA_BEGIN(kContext);
  if (start == nullptr || end == nullptr || start->recorded == 0 || end->recorded == 0 || !start->timed || !end->timed) return kErrorInvalidHandle;
  if (start->done < start->recorded || end->done < end->recorded) return kErrorNotReady;
  *milliseconds = static_cast<float>(static_cast<double>(end->nanoseconds - start->nanoseconds) * 1e-6);
  return kSuccess;
}

extern "C" __attribute__((visibility("default"))) int swcuda_submit(void* handle, const char* what, int (*run)(const void*),
                                                                      const void* arguments, size_t bytes) {
  SWCUDA_BEGIN(kContext);
  Stream* stream = streams().find(reinterpret_cast<uintptr_t>(handle));
  if (stream == nullptr) return kErrorInvalidHandle;
  std::vector<unsigned char> copy(bytes);
  memcpy(copy.data(), arguments, bytes);
  return streams().submit(*stream, {[run, copy] { return run(copy.data()); }, what});
}

extern "C" __attribute__((visibility("default"))) int swcuda_check(const void* address, size_t bytes, const char* what) {
  Device& device = Device::instance();
  std::lock_guard<std::recursive_mutex> guard(device.lock);
  uintptr_t a = reinterpret_cast<uintptr_t>(address);
  if (bytes == 0 || device.memory.find(a, bytes) != nullptr) return kSuccess;
  return device.fail(kErrorIllegalAddress, std::string(what) + " of " + std::to_string(bytes) + " bytes at " + device.memory.describe(a));
}
