// Throwing and catching.
#include "compiler/function_emitter.h"

namespace wherry::compiler {

bool FunctionEmitter::exception_op(const Instruction&, Operand*, uint32_t, uint32_t) { return false; }

void FunctionEmitter::try_table(const Instruction& instruction, Control& control, Operand*) {
  control.label = Label{};
  control.label.scope = scope_;
  leave_out(instruction.op);
}

void FunctionEmitter::after_call() {}

}  // namespace wherry::compiler
