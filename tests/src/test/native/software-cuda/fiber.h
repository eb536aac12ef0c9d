// Stackful coroutines on one OS thread. On x86-64 a switch saves six registers; swapcontext, the fallback, makes a
// system call each time.
#pragma once
#include <cstddef>
#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace swcuda {

struct Context {
#if defined(__x86_64__)
  void* stackPointer = nullptr;
#else
  ucontext_t saved;
#endif
};

// Saves the caller in `from` and goes on in `to`.
#if defined(__x86_64__)
extern "C" void swcuda_switch(void** from, void* to) __attribute__((visibility("hidden")));
inline void switchContext(Context& from, Context& to) { swcuda_switch(&from.stackPointer, to.stackPointer); }
#else
inline void switchContext(Context& from, Context& to) { swapcontext(&from.saved, &to.saved); }
#endif

// Makes `context` start in entry() on the stack [stack, stack + bytes). entry never returns.
void prepareContext(Context& context, void* stack, size_t bytes, void (*entry)());

constexpr size_t kStackGuard = 64 << 10;

// Memory for one fiber's stack with a guard below; never freed, the pools that hold them live as long as their thread.
struct Stack {
  unsigned char* memory;
  size_t bytes;
};
Stack newStack(int index);

}  // namespace swcuda
