// Vector loads and stores (core spec 4.4.7).
#include "compiler/function_emitter.h"
#include "compiler/simd.h"

namespace wherry::compiler {

void FunctionEmitter::vector_access(const Instruction& instruction, const wasm::MemoryType& type,
                                    Operand* operands) {
  llvm::Type* const accessed = vector_access_type(builder_, instruction.op);
  const auto size_bytes = static_cast<uint32_t>(accessed->getPrimitiveSizeInBits().getFixedValue() / 8);
  llvm::Value* const address = effective_address(instruction, type, operands[0].value, size_bytes);
  if (is_vector_store(instruction.op)) {
    store_memory(vector_to_memory(builder_, instruction, operands[1].value), address, instruction.memory);
    return;
  }
  llvm::Value* const loaded = load_memory(accessed, address, instruction.memory);
  const bool is_lane = wasm::info(instruction.op).signature.param_count == 2;
  operands[0].value =
      vector_from_memory(builder_, instruction, loaded, is_lane ? operands[1].value : nullptr);
}

}  // namespace wherry::compiler
