// Registers at a fault: Linux on x86-64.
#include <ucontext.h>

#include "engine/base/os/fault_context.h"

namespace wherry::base {

uintptr_t faulting_instruction(const void* context) {
  return static_cast<uintptr_t>(static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
}

void go_on_at(void* context, uintptr_t landing, bool fresh_frame) {
  auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  const greg_t faulting = registers[REG_RIP];
  registers[REG_RIP] = static_cast<greg_t>(landing);
  if (!fresh_frame) return;
  registers[REG_RDI] = faulting;
  registers[REG_RSI] = registers[REG_RBP];
  // Below the red zone, and as a call leaves it: 8 modulo 16. The landing does not return, so there is no address to.
  constexpr greg_t kRedZone = 128;
  registers[REG_RSP] = ((registers[REG_RSP] - kRedZone) & ~greg_t{15}) - 8;
}

}  // namespace wherry::base
