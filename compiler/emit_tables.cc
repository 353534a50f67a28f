// Whole memories and tables (core spec 4.4.6, 4.4.7), and references (4.4.2). What is large is the runtime's, which charges its own fuel.
#include "compiler/function_emitter.h"
#include "engine/abi/tier.h"

namespace wherry::compiler {

using wasm::Op;
using wasm::TrapCode;

void FunctionEmitter::bulk(const Instruction& instruction, Operand* operands, uint32_t, uint32_t) {
  const auto wide = [&](uint32_t i) { return builder_.CreateZExt(operands[i].value, unit_.i64()); };
  const auto index = int32(instruction.index);
  const auto second = int32(instruction.second);
  const auto checked = [&](uint64_t field, std::initializer_list<llvm::Value*> arguments) {
    trap_unless_none(call_builtin(field, unit_.i32(), arguments));
  };
  switch (instruction.op) {
    case Op::MemorySize: {
      const wasm::MemoryType& type = unit_.wasm_module().memories[instruction.index].type;
      llvm::Value* const pages = builder_.CreateLShr(memory_size(instruction.index), type.page_size_log2);
      operands[0].value = builder_.CreateTrunc(pages, type.limits.is_64 ? unit_.i64() : unit_.i32());
      return;
    }
    case Op::MemoryGrow: {
      const bool is_64 = unit_.wasm_module().memories[instruction.index].type.limits.is_64;
      llvm::Value* const before = grow(offsetof(abi::Builtins, memory_grow), {index, wide(0)});
      operands[0].value = builder_.CreateTrunc(before, is_64 ? unit_.i64() : unit_.i32());
      return;
    }
    case Op::MemoryInit:
      return checked(offsetof(abi::Builtins, memory_init),
                     {second, index, wide(0), operands[1].value, operands[2].value});
    case Op::MemoryCopy:
      return checked(offsetof(abi::Builtins, memory_copy), {index, second, wide(0), wide(1), wide(2)});
    case Op::MemoryFill: {
      llvm::Value* const byte = builder_.CreateTrunc(operands[1].value, unit_.i8());
      return checked(offsetof(abi::Builtins, memory_fill), {index, wide(0), byte, wide(2)});
    }
    case Op::DataDrop: call_builtin(offsetof(abi::Builtins, data_drop), nullptr, {index}); return;
    case Op::ElemDrop: call_builtin(offsetof(abi::Builtins, elem_drop), nullptr, {index}); return;
    case Op::TableInit:
      return checked(offsetof(abi::Builtins, table_init),
                     {second, index, wide(0), operands[1].value, operands[2].value});
    case Op::TableCopy:
      return checked(offsetof(abi::Builtins, table_copy), {index, second, wide(0), wide(1), wide(2)});
    case Op::TableFill:
      return checked(offsetof(abi::Builtins, table_fill), {index, wide(0), operands[1].value, wide(2)});
    default: return table_op(instruction, operands);
  }
}

void FunctionEmitter::table_op(const Instruction& instruction, Operand* operands) {
  const bool is_64 = unit_.wasm_module().tables[instruction.index].type.limits.is_64;
  llvm::Type* const index_type = is_64 ? unit_.i64() : unit_.i32();
  switch (instruction.op) {
    case Op::TableGet: {
      llvm::Value* const entry =
          table_entry(instruction.index, operands[0].value, TrapCode::TableOutOfBounds);
      operands[0].value = unit_.load(builder_, unit_.i64(), entry, 0, AliasClass::Table);
      return;
    }
    case Op::TableSet: {
      llvm::Value* const entry =
          table_entry(instruction.index, operands[0].value, TrapCode::TableOutOfBounds);
      unit_.store(builder_, operands[1].value, entry, 0, AliasClass::Table);
      return barrier(int64(abi::kNullRef), operands[1].value);
    }
    case Op::TableSize: {
      llvm::Value* const size = unit_.load(builder_, unit_.i64(), table_object(instruction.index),
                                           offsetof(abi::TableObject, size), AliasClass::Table);
      operands[0].value = builder_.CreateTrunc(size, index_type);
      return;
    }
    case Op::TableGrow: {
      llvm::Value* const count = builder_.CreateZExt(operands[1].value, unit_.i64());
      llvm::Value* const before =
          grow(offsetof(abi::Builtins, table_grow), {int32(instruction.index), count, operands[0].value});
      operands[0].value = builder_.CreateTrunc(before, index_type);
      return;
    }
    default: return leave_out(instruction.op);
  }
}

// memory_grow and table_grow: the trap comes back through a pointer.
llvm::Value* FunctionEmitter::grow(uint64_t field, llvm::ArrayRef<llvm::Value*> arguments) {
  llvm::Value* const trap = stack_slots(1);
  builder_.CreateStore(int64(0), trap);
  llvm::Value* const before =
      arguments.size() == 2
          ? call_builtin(field, unit_.i64(), {arguments[0], arguments[1], trap})
          : call_builtin(field, unit_.i64(), {arguments[0], arguments[1], arguments[2], trap});
  trap_unless_none(builder_.CreateAlignedLoad(unit_.i32(), trap, llvm::Align(4)));
  return before;
}

// --- References ---

void FunctionEmitter::ref_null(wasm::HeapType, Operand* result) { result->value = int64(abi::kNullRef); }

void FunctionEmitter::ref_func(uint32_t func, Operand* result) {
  result->value = builder_.CreatePtrToInt(func_object(func), unit_.i64());
}

void FunctionEmitter::ref_is_null(Operand* operand) {
  operand->value = builder_.CreateZExt(builder_.CreateIsNull(operand->value), unit_.i32());
}

void FunctionEmitter::ref_as_non_null(Operand* operand) {
  trap_if(builder_.CreateIsNull(operand->value), TrapCode::NullReference);
}

void FunctionEmitter::br_on_null(uint32_t, Control& target, Operand* values) {
  llvm::Value* const reference = values[target.label_types().size()].value;
  conditional_branch(builder_.CreateIsNull(reference), target, values);
}

void FunctionEmitter::br_on_non_null(uint32_t, Control& target, Operand* values) {
  llvm::Value* const reference = values[target.label_types().size() - 1].value;
  conditional_branch(builder_.CreateIsNotNull(reference), target, values);
}

void FunctionEmitter::br_on_cast(const Instruction& instruction, wasm::ValType source,
                                 wasm::ValType target_type, Control& target, Operand* values) {
  llvm::Value* const reference = values[target.label_types().size() - 1].value;
  llvm::Value* is_one = is_of_type(reference, source, target_type);
  if (is_one == nullptr) return leave_out(instruction.op);
  if (instruction.op == Op::BrOnCastFail) is_one = builder_.CreateNot(is_one);
  conditional_branch(is_one, target, values);
}

void FunctionEmitter::special(const Instruction& instruction, Operand* operands, uint32_t params,
                              uint32_t results) {
  if (instruction.op == Op::RefEq) {
    operands[0].value =
        builder_.CreateZExt(builder_.CreateICmpEQ(operands[0].value, operands[1].value), unit_.i32());
    return;
  }
  const bool is_throw = instruction.op == Op::Throw || instruction.op == Op::ThrowRef;
  const bool is_done = is_throw ? exception_op(instruction, operands, params, results)
                                : heap_op(instruction, operands, params, results);
  if (!is_done) leave_out(instruction.op);
  if (is_throw) end_segment();
}

}  // namespace wherry::compiler
