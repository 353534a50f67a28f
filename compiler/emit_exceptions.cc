// Throwing and catching.
#include "compiler/function_emitter.h"

namespace wherry::compiler {

bool FunctionEmitter::exception_op(const Instruction&, Operand*, uint32_t, uint32_t) { return false; }

void FunctionEmitter::after_call() {}

}  // namespace wherry::compiler
