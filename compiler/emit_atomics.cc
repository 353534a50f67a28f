// Atomic instructions (threads proposal).
#include "compiler/function_emitter.h"

namespace wherry::compiler {

void FunctionEmitter::atomic_access(const Instruction& instruction, const wasm::MemoryType&, Operand*) {
  leave_out(instruction.op);
}

void FunctionEmitter::atomic_fence() { leave_out(wasm::Op::AtomicFence); }

}  // namespace wherry::compiler
