// Registers at a fault: Linux on AArch64.
#include <ucontext.h>

#include "engine/base/os/fault_context.h"

namespace wherry::base {

uintptr_t faulting_instruction(const void* context) {
  return static_cast<uintptr_t>(static_cast<const ucontext_t*>(context)->uc_mcontext.pc);
}

void go_on_at(void* context, uintptr_t landing, bool fresh_frame) {
  auto& machine = static_cast<ucontext_t*>(context)->uc_mcontext;
  const uint64_t faulting = machine.pc;
  machine.pc = landing;
  if (!fresh_frame) return;
  machine.sp = (machine.sp - 128) & ~uint64_t{15};
  machine.regs[0] = faulting;
  machine.regs[1] = machine.regs[29];
}

}  // namespace wherry::base
