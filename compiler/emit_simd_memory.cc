// Vector loads and stores (core spec 4.4.7).
#include "compiler/function_emitter.h"

namespace wherry::compiler {

void FunctionEmitter::vector_access(const Instruction& instruction, const wasm::MemoryType&, Operand*) {
  leave_out(instruction.op);
}

}  // namespace wherry::compiler
