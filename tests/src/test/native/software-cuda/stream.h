// Streams, events and graphs. Work is a list of operations: run at once, kept in the stream's queue (STREAMS=deferred) or recorded
// into a graph.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "device.h"

namespace swcuda {

struct Event {
  bool timed = true;
  unsigned long recorded = 0, done = 0;  // how often it was recorded, and the last record that has run
  int64_t nanoseconds = 0;               // when that was
  struct Stream* stream = nullptr;       // of the last record
  std::shared_ptr<struct Graph> graph;   // of the capture that recorded it last
};

// One piece of work; its closure owns copies of all arguments.
struct Operation {
  std::function<Result()> run;
  const char* what;
};

struct Graph {
  std::vector<Operation> operations;
  bool invalid = false;
};

struct Stream {
  bool nonBlocking = false;
  std::deque<Operation> queue;
  std::shared_ptr<Graph> capture;
  bool captureOrigin = false;
  int captureMode = 0;
};

class Streams {
 public:
  static Streams& instance();

  // Handles 0, 1 and 2 are the default streams and are one here. Null for a handle that is no stream.
  Stream* find(uintptr_t handle);
  Stream* create(bool nonBlocking);
  bool destroy(Stream* stream);

  // Runs, queues or records.
  Result submit(Stream& stream, Operation operation);
  // Runs what the stream holds back; all streams'; one stream's up to an event's record.
  Result drain(Stream& stream);
  Result drainAll();
  Result drainTo(const Event& event);
  // As submit, for calls that wait; they may not be made while a capture watches.
  Result synchronous(Operation operation);

  Result beginCapture(Stream& stream, int mode);
  Result endCapture(Stream& stream, std::shared_ptr<Graph>& graph);
  // kSuccess, or what a call that a capture forbids returns; such a call makes the capture fail.
  Result forbiddenInCapture(const char* call);
  Result record(Event& event, Stream& stream);
  Result wait(Stream& stream, Event& event);
  void reset();

  std::vector<std::unique_ptr<Stream>> streams;

 private:
  Result runFirst(Stream& stream);
  Stream default_;
};

}  // namespace swcuda
