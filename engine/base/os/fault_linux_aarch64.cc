// Registers at a fault: Linux on AArch64.
#include <ucontext.h>

#include "engine/base/os/fault_context.h"

namespace wherry::base {

uintptr_t faulting_instruction(const void* context) {
  return static_cast<uintptr_t>(static_cast<const ucontext_t*>(context)->uc_mcontext.pc);
}

void go_on_at(void* context, uintptr_t landing, bool fresh_frame) {
  auto& machine = static_cast<ucontext_t*>(context)->uc_mcontext;
  machine.pc = landing;
  if (fresh_frame) machine.sp = (machine.sp - 128) & ~uint64_t{15};
}

}  // namespace wherry::base
