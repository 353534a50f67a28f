// Vector instructions without memory (core spec 4.4.3).
#include "compiler/function_emitter.h"

namespace wherry::compiler {

llvm::Value* FunctionEmitter::vector_op(const Instruction& instruction, std::span<llvm::Value* const>) {
  leave_out(instruction.op);
  return nullptr;
}

}  // namespace wherry::compiler
