// The scheduler of a block's fibers: a warp runs until all its lanes wait at a block barrier or are done, then the next warp.
// A thread that never waits runs on the stack of the one before it, so kernels without barriers switch nothing.
#include "block.h"

#include <cstring>

#include "driver_types.h"
#include "module_file.h"

extern "C" {
__attribute__((visibility("default"))) __thread swcuda::ThreadView* swcuda_thread
    __attribute__((tls_model("initial-exec"))) = nullptr;
__attribute__((visibility("default"))) __thread swcuda::BlockView swcuda_block
    __attribute__((tls_model("initial-exec"))) = {};
}

namespace swcuda {
namespace {

__thread BlockRunner* activeRunner __attribute__((tls_model("initial-exec"))) = nullptr;

std::string text(const Index3& i) {
  return "(" + std::to_string(i.x) + "," + std::to_string(i.y) + "," + std::to_string(i.z) + ")";
}

const char* const kCollectiveNames[] = {"__syncwarp",       "__shfl_sync",   "__shfl_xor_sync", "__shfl_up_sync",
                                        "__shfl_down_sync", "__ballot_sync", "__any_sync",      "__all_sync"};

unsigned firstLane(unsigned lanes, Order order) {
  return order == Order::kForward ? static_cast<unsigned>(__builtin_ctz(lanes)) : 31u - static_cast<unsigned>(__builtin_clz(lanes));
}

}  // namespace

BlockRunner* BlockRunner::running() { return activeRunner; }

BlockRunner::BlockRunner() = default;

bool BlockRunner::runBlock(const Grid& grid, const Index3& block) {
  grid_ = &grid;
  fault_.code = 0;
  swcuda_block.block = block;
  swcuda_block.blockDim = grid.blockDim;
  swcuda_block.gridDim = grid.gridDim;
  unsigned n = grid.blockDim.x * grid.blockDim.y * grid.blockDim.z;
  if (memcmp(&grid.blockDim, &blockDim_, sizeof(Index3)) != 0) {
    blockDim_ = grid.blockDim;
    numThreads_ = n;
    numWarps_ = (n + kWarp - 1) / kWarp;
    for (unsigned t = 0; t < n; t++) {
      threads_[t].thread = {t % blockDim_.x, t / blockDim_.x % blockDim_.y, t / (blockDim_.x * blockDim_.y)};
      threads_[t].lane = t % kWarp;
    }
  }
  for (unsigned t = 0; t < n; t++) threads_[t].fiber = nullptr;
  for (unsigned w = 0; w < numWarps_; w++) {
    Warp& warp = warps_[w];
    unsigned lanes = n - w * kWarp;
    warp.existing = lanes >= kWarp ? ~0u : (1u << lanes) - 1;
    warp.ready = warp.existing;
    warp.waiting = warp.atBarrier = warp.exited = warp.numMeetings = 0;
  }
  alive_ = n;
  arrived_ = 0;
  prepareShared();

  current_ = grid.order == Order::kForward ? 0 : n - 1;
  activeRunner = this;
  Thread* first = next();
  start(*first);
  switchContext(scheduler_, first->fiber->context);
  activeRunner = nullptr;
  if (fault_.code == 0) checkShared();
  if (fault_.code != 0) {
    freeFibers_.clear();
    for (Fiber& fiber : fibers_) freeFibers_.push_back(&fiber);
  }
  return fault_.code == 0;
}

// The next thread that can go on, made current; null where there is none.
inline BlockRunner::Thread* BlockRunner::next() {
  if (warps_[current_ / kWarp].ready == 0 && !nextWarp()) return nullptr;
  unsigned w = current_ / kWarp, lane = firstLane(warps_[w].ready, grid_->order);
  warps_[w].ready &= ~(1u << lane);
  current_ = w * kWarp + lane;
  swcuda_thread = &threads_[current_];
  return &threads_[current_];
}

// Goes on to a warp that has ready lanes; not while lanes of this one wait for each other, as nobody else can wake them.
bool BlockRunner::nextWarp() {
  unsigned w = current_ / kWarp;
  if (warps_[w].waiting != 0) return false;
  for (unsigned step = 0; step < numWarps_; step++) {
    w = grid_->order == Order::kForward ? (w + 1 == numWarps_ ? 0 : w + 1) : (w == 0 ? numWarps_ - 1 : w - 1);
    if (warps_[w].ready == 0) continue;
    current_ = w * kWarp;
    return true;
  }
  return false;
}

void BlockRunner::start(Thread& thread) {
  if (freeFibers_.empty()) {
    fibers_.push_back({{}, newStack(static_cast<int>(fibers_.size()))});
    freeFibers_.push_back(&fibers_.back());
  }
  thread.fiber = freeFibers_.back();
  freeFibers_.pop_back();
  prepareContext(thread.fiber->context, thread.fiber->stack.memory, thread.fiber->stack.bytes, &BlockRunner::carrier);
}

// Runs threads one after the other until one that had started before is due.
void BlockRunner::carrier() {
  BlockRunner& self = *activeRunner;
  Fiber* fiber = self.threads_[self.current_].fiber;
  for (;;) {
    self.grid_->kernel->run(self.grid_->arguments);
    self.finish();
    Thread* next = self.next();
    if (next == nullptr) {
      if (self.alive_ != 0) self.failStuck();
      self.freeFibers_.push_back(fiber);
      switchContext(self.discarded_, self.scheduler_);
    } else if (next->fiber != nullptr) {
      self.freeFibers_.push_back(fiber);
      switchContext(self.discarded_, next->fiber->context);
    } else {
      next->fiber = fiber;
    }
  }
}

inline void BlockRunner::finish() {
  warps_[current_ / kWarp].exited |= 1u << (current_ % kWarp);
  alive_--;
}

// The current thread waits: the next one runs until this one is ready again and its turn comes.
inline void BlockRunner::suspend() {
  Thread& self = threads_[current_];
  Thread* other = next();
  if (other == nullptr) failStuck();
  if (other->fiber == nullptr) start(*other);
  switchContext(self.fiber->context, other->fiber->context);
}

void BlockRunner::syncthreads() {
  Warp& warp = warps_[current_ / kWarp];
  warp.atBarrier |= 1u << (current_ % kWarp);
  if (++arrived_ < numThreads_) {
    suspend();
    return;
  }
  arrived_ = 0;
  for (unsigned w = 0; w < numWarps_; w++) {
    warps_[w].ready = warps_[w].existing;
    warps_[w].atBarrier = 0;
  }
  warp.ready &= ~(1u << (current_ % kWarp));
}

inline BlockRunner::Meeting& BlockRunner::meeting(Warp& warp, unsigned mask) {
  for (unsigned i = 0; i < warp.numMeetings; i++) {
    if (warp.meetings[i].mask == mask) return warp.meetings[i];
  }
  return *makeMeeting(warp, mask);
}

BlockRunner::Meeting* BlockRunner::makeMeeting(Warp& warp, unsigned mask) {
  // A lane is bound to one meeting at most, where it waits or has yet to read, and this one to none: one of 32 is free.
  unsigned place = warp.numMeetings;
  if (place < kWarp) {
    warp.numMeetings++;
  } else {
    for (place = 0; (warp.meetings[place].arrived | warp.meetings[place].unread) != 0;) place++;
  }
  Meeting& fresh = warp.meetings[place];
  fresh.mask = mask;
  fresh.arrived = fresh.unread = fresh.phase = 0;
  if (mask != ~0u) {
    constexpr unsigned long long kPoison64 = static_cast<unsigned long long>(kPoison) << 32 | kPoison;
    for (auto& buffer : fresh.values) {
      for (unsigned long long& value : buffer) value = kPoison64;
    }
  }
  return &fresh;
}

inline BlockRunner::Meeting& BlockRunner::arrive(unsigned mask, unsigned collective, unsigned long long value, unsigned predicate,
                                                 unsigned& phase) {
  unsigned lane = current_ % kWarp, bit = 1u << lane;
  Warp& warp = warps_[current_ / kWarp];
  if ((mask & bit) == 0) failArrival(mask, collective, nullptr);
  Meeting& m = meeting(warp, mask & warp.existing);
  phase = m.phase & 1;
  if (m.arrived == 0) {
    m.collective = collective;
    m.votes[phase] = 0;
  } else if (m.collective != collective) {
    failArrival(mask, collective, &m);
  }
  m.values[phase][lane] = value;
  m.votes[phase] |= predicate << lane;
  m.arrived |= bit;
  if (m.arrived == m.mask) {
    m.arrived = 0;
    m.phase++;
    m.unread |= m.mask & ~bit;
    warp.waiting &= ~m.mask;
    warp.ready |= m.mask & ~bit;
  } else {
    warp.waiting |= bit;
    suspend();
    m.unread &= ~bit;
  }
  return m;
}

void BlockRunner::failArrival(unsigned mask, unsigned collective, const Meeting* meeting) {
  std::string call = where() + " calls " + kCollectiveNames[collective];
  if (meeting == nullptr) {
    fail(kErrorLaunchFailed, call + " with the mask 0x" + hex(mask).substr(8) + ", which misses its own lane " + std::to_string(current_ % kWarp));
  }
  fail(kErrorLaunchFailed, call + " where lane " + std::to_string(__builtin_ctz(meeting->arrived)) + " of its warp calls " +
                               kCollectiveNames[meeting->collective]);
}

inline const unsigned long long* BlockRunner::exchange(unsigned mask, unsigned collective, unsigned long long value) {
  unsigned phase;
  return arrive(mask, collective, value, 0, phase).values[phase];
}

inline unsigned BlockRunner::vote(unsigned mask, unsigned collective, unsigned predicate) {
  unsigned phase;
  return arrive(mask, collective, 0, predicate, phase).votes[phase];
}

void BlockRunner::fail(int code, std::string message) {
  fault_.code = code;
  fault_.message = std::move(message);
  switchContext(discarded_, scheduler_);
  __builtin_unreachable();
}

// No thread can go on though some are not done: somebody left, or went another way, before a barrier.
void BlockRunner::failStuck() {
  unsigned waiting = kMaxThreads, away = kMaxThreads, numWaiting = 0;
  const char* barrier = "__syncthreads";
  for (unsigned w = 0; w < numWarps_ && waiting == kMaxThreads; w++) {
    Warp& warp = warps_[w];
    for (unsigned i = 0; i < warp.numMeetings; i++) {
      Meeting& m = warp.meetings[i];
      unsigned missing = m.mask & ~m.arrived;
      if (m.arrived == 0 || missing == 0) continue;
      waiting = w * kWarp + static_cast<unsigned>(__builtin_ctz(m.arrived));
      away = w * kWarp + static_cast<unsigned>(__builtin_ctz(missing));
      numWaiting = static_cast<unsigned>(__builtin_popcount(m.arrived));
      barrier = kCollectiveNames[m.collective];
      break;
    }
  }
  if (waiting == kMaxThreads) {
    for (unsigned t = 0; t < numThreads_; t++) {
      bool here = (warps_[t / kWarp].atBarrier >> (t % kWarp) & 1) != 0;
      numWaiting += here ? 1 : 0;
      if (here && waiting == kMaxThreads) waiting = t;
      if (!here && away == kMaxThreads) away = t;
    }
  }
  bool exited = (warps_[away / kWarp].exited >> (away % kWarp) & 1) != 0;
  current_ = waiting;
  fail(kErrorLaunchFailed, where() + " and " + std::to_string(numWaiting - 1) + " more wait at " + barrier + ", but thread " +
                               text(threads_[away].thread) + (exited ? " has exited" : " waits at another barrier") +
                               "; every thread must reach every barrier");
}

std::string BlockRunner::where() const {
  return std::string("kernel ") + grid_->kernel->name + ", block " + text(swcuda_block.block) + ", thread " +
         text(threads_[current_].thread);
}

}  // namespace swcuda

using swcuda::BlockRunner;
#define SWCUDA_EXPORT extern "C" __attribute__((visibility("default")))

SWCUDA_EXPORT void swcuda_syncthreads() { swcuda::activeRunner->syncthreads(); }
SWCUDA_EXPORT const unsigned long long* swcuda_exchange(unsigned mask, unsigned collective, unsigned long long value) {
  return swcuda::activeRunner->exchange(mask, collective, value);
}
SWCUDA_EXPORT unsigned swcuda_vote(unsigned mask, unsigned collective, unsigned predicate) {
  return swcuda::activeRunner->vote(mask, collective, predicate);
}
SWCUDA_EXPORT void* swcuda_static_shared(const void* declaration, unsigned long bytes, unsigned long alignment,
                                         const char* name) {
  return BlockRunner::running()->staticShared(declaration, bytes, alignment, name);
}
SWCUDA_EXPORT void swcuda_trap(const char* reason) {
  BlockRunner* runner = BlockRunner::running();
  runner->fail(swcuda::kErrorLaunchFailed, runner->where() + ": " + reason);
}
