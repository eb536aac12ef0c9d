// Streams as queues, captures as records of what was queued.
#include "stream.h"

#include <chrono>

namespace swcuda {
namespace {

int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Streams& Streams::instance() {
  static Streams* streams = new Streams();
  return *streams;
}

Stream* Streams::find(uintptr_t handle) {
  if (handle <= 2) return &default_;
  for (auto& stream : streams) {
    if (reinterpret_cast<uintptr_t>(stream.get()) == handle) return stream.get();
  }
  return nullptr;
}

Stream* Streams::create(bool nonBlocking) {
  streams.push_back(std::make_unique<Stream>());
  streams.back()->nonBlocking = nonBlocking;
  return streams.back().get();
}

bool Streams::destroy(Stream* stream) {
  for (size_t i = 0; i < streams.size(); i++) {
    if (streams[i].get() != stream) continue;
    drain(*stream);
    streams.erase(streams.begin() + static_cast<std::ptrdiff_t>(i));
    return true;
  }
  return false;
}

Result Streams::submit(Stream& stream, Operation operation) {
  Device& device = Device::instance();
  if (device.sticky != kSuccess) return device.sticky;
  if (stream.capture != nullptr) {
    if (stream.capture->invalid) return kErrorStreamCaptureInvalidated;
    stream.capture->operations.push_back(std::move(operation));
    return kSuccess;
  }
  if (&stream == &default_) {
    for (auto& other : streams) {
      if (other->capture == nullptr || other->nonBlocking) continue;
      other->capture->invalid = true;
      return device.report(kErrorStreamCaptureImplicit, std::string(operation.what) + " on the default stream while a blocking stream is captured");
    }
  }
  if (config().deferred) {
    // The default stream waits for all blocking streams; holding work back beyond that would reorder it.
    if (&stream == &default_) {
      Result result = kSuccess;
      for (auto& other : streams) {
        if (!other->nonBlocking && result == kSuccess) result = drain(*other);
      }
      if (result != kSuccess) return result;
    } else if (!stream.nonBlocking) {
      Result result = drain(default_);
      if (result != kSuccess) return result;
    }
    stream.queue.push_back(std::move(operation));
    return kSuccess;
  }
  return operation.run();
}

Result Streams::runFirst(Stream& stream) {
  Operation operation = std::move(stream.queue.front());
  stream.queue.pop_front();
  Result result = operation.run();
  if (result != kSuccess) stream.queue.clear();
  return result;
}

Result Streams::drain(Stream& stream) {
  while (!stream.queue.empty()) {
    Result result = runFirst(stream);
    if (result != kSuccess) return result;
  }
  return Device::instance().sticky;
}

Result Streams::drainTo(const Event& event) {
  while (event.done < event.recorded && !event.stream->queue.empty()) {
    Result result = runFirst(*event.stream);
    if (result != kSuccess) return result;
  }
  return Device::instance().sticky;
}

Result Streams::drainAll() {
  Result result = drain(default_);
  for (size_t i = 0; i < streams.size() && result == kSuccess; i++) result = drain(*streams[i]);
  return result;
}

Result Streams::synchronous(Operation operation) {
  Result result = forbiddenInCapture(operation.what);
  if (result == kSuccess) result = submit(default_, std::move(operation));
  return result == kSuccess ? drain(default_) : result;
}

Result Streams::forbiddenInCapture(const char* call) {
  for (auto& stream : streams) {
    // 0 is the global mode, which watches every thread; 1 watches its own and is treated alike; 2 is relaxed.
    if (stream->capture == nullptr || stream->captureMode == 2) continue;
    stream->capture->invalid = true;
    return Device::instance().report(kErrorStreamCaptureUnsupported, std::string(call) + " is not allowed while a stream is captured");
  }
  return kSuccess;
}

Result Streams::beginCapture(Stream& stream, int mode) {
  if (&stream == &default_) return kErrorStreamCaptureUnsupported;
  if (stream.capture != nullptr) return kErrorInvalidValue;
  stream.capture = std::make_shared<Graph>();
  stream.captureOrigin = true;
  stream.captureMode = mode;
  return kSuccess;
}

Result Streams::endCapture(Stream& stream, std::shared_ptr<Graph>& graph) {
  if (stream.capture == nullptr || !stream.captureOrigin) return kErrorInvalidValue;
  graph = stream.capture;
  for (auto& other : streams) {
    if (other->capture != graph) continue;
    other->capture = nullptr;
    other->captureOrigin = false;
  }
  if (!graph->invalid) return kSuccess;
  graph = nullptr;
  return kErrorStreamCaptureInvalidated;
}

Result Streams::record(Event& event, Stream& stream) {
  if (stream.capture != nullptr) {
    event.graph = stream.capture;
    return kSuccess;
  }
  event.graph = nullptr;
  event.stream = &stream;
  Event* target = &event;
  unsigned long number = ++event.recorded;
  return submit(stream, {[target, number]() -> Result {
                           target->done = number;
                           target->nanoseconds = now();
                           return kSuccess;
                         },
                         "cuEventRecord"});
}

Result Streams::wait(Stream& stream, Event& event) {
  if (event.graph != nullptr) {
    if (stream.capture == nullptr) {
      // The other stream joins the capture. Calls are recorded in the order they are made, which respects every dependency.
      stream.capture = event.graph;
      for (auto& other : streams) {
        if (other->capture == event.graph && other->captureOrigin) stream.captureMode = other->captureMode;
      }
    }
    return stream.capture == event.graph ? kSuccess : kErrorInvalidValue;
  }
  if (event.done == event.recorded) return kSuccess;
  // What the event stands for is still held back in its own stream.
  Event* target = &event;
  Stream* source = event.stream;
  unsigned long number = event.recorded;
  return submit(stream, {[this, target, source, number]() -> Result {
                           while (target->done < number && !source->queue.empty()) {
                             Result result = runFirst(*source);
                             if (result != kSuccess) return result;
                           }
                           return Device::instance().sticky;
                         },
                         "cuStreamWaitEvent"});
}

void Streams::reset() {
  streams.clear();
  default_ = Stream();
}

}  // namespace swcuda
