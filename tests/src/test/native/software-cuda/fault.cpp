// Turns SIGSEGV, SIGBUS, SIGFPE and SIGILL inside of a kernel into a failed launch.
#include <signal.h>
#include <ucontext.h>

#include <cstdint>
#include <memory>
#include <mutex>

#include "device.h"

namespace swcuda {
namespace {

constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
struct sigaction previous[65];

void onSignal(int signal, siginfo_t* info, void* context) {
  BlockRunner* runner = BlockRunner::running();
  if (runner != nullptr) {
    // Never returns: the fiber that faulted is abandoned. SA_NODEFER left the signal unblocked.
    if (signal == SIGFPE) runner->fail(kErrorLaunchFailed, runner->where() + " divides an integer by zero");
    if (signal == SIGILL) runner->fail(kErrorLaunchFailed, runner->where() + " runs into code that cannot be reached");
    if (info->si_code == SI_KERNEL) {
      // The processor names no address: an address with bits that it does not have, or a misaligned vector.
      runner->fail(kErrorIllegalAddress, runner->where() + " accesses an address that cannot exist, or is misaligned");
    }
    uintptr_t address = reinterpret_cast<uintptr_t>(info->si_addr);
    const char* access = "accesses";
#if defined(__x86_64__)
    access = (static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_ERR] & 2) != 0 ? "writes to" : "reads from";
#endif
    runner->fail(kErrorIllegalAddress, runner->where() + " " + access + " " + runner->describeAddress(address));
  }
  const struct sigaction& old = previous[signal];
  if ((old.sa_flags & SA_SIGINFO) != 0 && old.sa_sigaction != nullptr) {
    old.sa_sigaction(signal, info, context);
  } else if (old.sa_handler != SIG_DFL && old.sa_handler != SIG_IGN) {
    old.sa_handler(signal);
  } else {
    sigaction(signal, &old, nullptr);  // the instruction runs again and now ends the process
  }
}

constexpr size_t kAlternateBytes = 64 << 10;
thread_local std::unique_ptr<unsigned char[]> alternateStack;
thread_local stack_t previousStack;

}  // namespace

void installFaultHandlers() {
  static std::once_flag once;
  std::call_once(once, [] {
    for (int signal : kSignals) {
      struct sigaction action = {};
      action.sa_sigaction = onSignal;
      action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
      sigemptyset(&action.sa_mask);
      sigaction(signal, &action, &previous[signal]);
    }
  });
}

FaultStack::FaultStack() {
  if (alternateStack == nullptr) alternateStack = std::make_unique<unsigned char[]>(kAlternateBytes);
  stack_t stack = {};
  stack.ss_sp = alternateStack.get();
  stack.ss_size = kAlternateBytes;
  sigaltstack(&stack, &previousStack);
}

FaultStack::~FaultStack() { sigaltstack(&previousStack, nullptr); }

}  // namespace swcuda
