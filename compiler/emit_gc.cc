// Objects of the collected heap, casts.
#include "compiler/function_emitter.h"

namespace wherry::compiler {

bool FunctionEmitter::heap_op(const Instruction&, Operand*, uint32_t, uint32_t) { return false; }

llvm::Value* FunctionEmitter::is_of_type(llvm::Value*, wasm::ValType, wasm::ValType) { return nullptr; }

void FunctionEmitter::barrier(llvm::Value*, llvm::Value*) {}

}  // namespace wherry::compiler
