// The context switch and the stacks of fibers.
#include "fiber.h"

#include <sys/mman.h>

#include <cstdint>
#include <new>

namespace swcuda {

#if defined(__x86_64__)

asm(R"(
.text
.p2align 4
.globl swcuda_switch
.hidden swcuda_switch
.type swcuda_switch, @function
swcuda_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size swcuda_switch, .-swcuda_switch
)");

void prepareContext(Context& context, void* stack, size_t bytes, void (*entry)()) {
  uintptr_t top = (reinterpret_cast<uintptr_t>(stack) + bytes) & ~uintptr_t{15};
  void** slots = reinterpret_cast<void**>(top) - 8;
  for (int i = 0; i < 6; i++) slots[i] = nullptr;
  slots[6] = reinterpret_cast<void*>(entry);
  slots[7] = nullptr;  // where entry's return address would be
  context.stackPointer = slots;
}

#else

void prepareContext(Context& context, void* stack, size_t bytes, void (*entry)()) {
  getcontext(&context.saved);
  context.saved.uc_stack.ss_sp = stack;
  context.saved.uc_stack.ss_size = bytes;
  context.saved.uc_link = nullptr;
  makecontext(&context.saved, entry, 0);
}

#endif

Stack newStack(int index) {
  constexpr size_t kBytes = 64 << 10;
  void* memory = mmap(nullptr, kStackGuard + kBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  unsigned char* base = static_cast<unsigned char*>(memory) + kStackGuard;
  if (mprotect(base, kBytes, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
  // Tops at different offsets: at equal ones the same lines of all stacks fall into one set of the first-level cache.
  return {base, kBytes - static_cast<size_t>(index % 21) * 192};
}

}  // namespace swcuda
