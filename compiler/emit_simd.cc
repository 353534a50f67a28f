// Vector instructions without memory (core spec 4.4.3).
#include "compiler/function_emitter.h"
#include "compiler/simd.h"

namespace wherry::compiler {

llvm::Value* FunctionEmitter::vector_op(const Instruction& instruction,
                                        std::span<llvm::Value* const> operands) {
  return emit_vector_op(builder_, unit_.options().architecture, instruction, operands);
}

}  // namespace wherry::compiler
