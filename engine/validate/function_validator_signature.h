#pragma once

#include "engine/validate/function_validator_core.h"

// Rows of opcodes.inc with a signature: any by by_signature(), the common ones by their FastRow.
namespace wherry::validate {

// The operands' types are compared bit by bit; what differs (also Bottom) is left to by_signature().
template <class Sink>
template <uint32_t kCount>
inline bool FunctionValidator<Sink>::fast_operator(const FastRow& row, const uint8_t* at) {
  reader_.seek(at + 1);
  OperandT* const operands = last(kCount);
  if (state_.operand_count - floor_ < kCount || operands[0].type != ValType(row.first) ||
      (kCount == 2 && operands[1].type != ValType(row.second))) [[unlikely]] {
    step();
    return by_signature();
  }
  if (live_) {
    sink_.step(Op::Nop, inst_.offset);
    if constexpr (kCount == 1) {
      sink_.unary(inst_, operands);
    } else {
      sink_.binary(inst_, operands);
    }
  }
  operands[0].type = row.result;
  state_.operand_count -= kCount - 1;
  return true;
}

// Memory 0, small alignment, an offset of 32 bits, no surprise. Leaves the reader alone otherwise.
template <class Sink>
inline bool FunctionValidator<Sink>::read_fast_memarg(const FastRow& row, const uint8_t* at) {
  if (reader_.remaining() < 4 || at[1] > row.natural_align_log2 || module_.memories.empty()) return false;
  uint32_t offset = at[2];
  uint32_t size_bytes = 3;
  inst_.align_log2 = at[1];
  inst_.memory = 0;
  if (offset >= 0x80) {
    if (at[3] >= 0x80) [[unlikely]] {
      reader_.seek(at + 2);
      inst_.value = reader_.u64();
      if (reader_.ok() && inst_.value <= ~uint32_t{0}) return true;
      reader_.reset(at);
      return false;
    }
    offset = (offset & 0x7f) | uint32_t{at[3]} << 7;
    size_bytes = 4;
  }
  inst_.value = offset;
  reader_.seek(at + size_bytes);
  return true;
}

template <class Sink>
inline bool FunctionValidator<Sink>::fast_load(const FastRow& row, const uint8_t* at) {
  if (state_.operand_count == floor_ || !read_fast_memarg(row, at)) [[unlikely]]
    return slow_next();
  const wasm::MemoryType& memory = module_.memories[0].type;
  OperandT* const operand = last(1);
  if (operand->type != memory.limits.index_type()) [[unlikely]] {
    step();
    return by_signature();
  }
  if (live_) {
    sink_.step(Op::Nop, inst_.offset);
    sink_.memory_access(inst_, memory, operand);
  }
  operand->type = row.result;
  return true;
}

template <class Sink>
inline bool FunctionValidator<Sink>::fast_store(const FastRow& row, const uint8_t* at) {
  if (state_.operand_count - floor_ < 2 || !read_fast_memarg(row, at)) [[unlikely]]
    return slow_next();
  const wasm::MemoryType& memory = module_.memories[0].type;
  OperandT* const operands = last(2);
  if (operands[0].type != memory.limits.index_type() || operands[1].type != ValType(row.second))
      [[unlikely]] {
    step();
    return by_signature();
  }
  if (live_) {
    sink_.step(Op::Nop, inst_.offset);
    sink_.memory_access(inst_, memory, operands);
  }
  state_.operand_count -= 2;
  return true;
}

template <class Sink>
inline bool FunctionValidator<Sink>::constant(ValType type) {
  if (!reserve_one()) return false;
  if (live_) {
    sink_.step(Op::Nop, inst_.offset);
    sink_.constant(inst_, state_.operands + state_.operand_count);
  }
  state_.operands[state_.operand_count++].type = type;
  return true;
}

template <class Sink>
bool FunctionValidator<Sink>::by_signature() {
  const wasm::OpInfo& row = wasm::info(inst_.op);
  const bool is_access = wasm::is_memory_access(row.immediate);
  if (is_access && !(check_memory(inst_.memory) && check_access())) return false;
  if (row.immediate >= wasm::Immediate::Lane2 && row.immediate <= wasm::Immediate::Shuffle && !check_lane()) {
    return false;
  }
  if (inst_.op == Op::ElemDrop && !check_element(inst_.index)) return false;
  if (inst_.op == Op::DataDrop && !check_data(inst_.index)) return false;
  const auto type_of = [&](char letter) -> ValType {
    switch (letter) {
      case 'I': return wasm::kI32;
      case 'L': return wasm::kI64;
      case 'F': return wasm::kF32;
      case 'D': return wasm::kF64;
      case 'V': return wasm::kV128;
      default: return module_.memories[inst_.memory].type.limits.index_type();
    }
  };
  const wasm::Signature& signature = row.signature;
  ValType params[4];
  for (uint32_t i = 0; i < signature.param_count; ++i) params[i] = type_of(signature.params[i]);
  if (!check(Types(params, signature.param_count))) return false;
  if (!reserve(uint64_t{state_.operand_count} + signature.result_count)) return false;
  OperandT* const operands = last(signature.param_count);
  if (live_) {
    if (is_access)
      sink_.memory_access(inst_, module_.memories[inst_.memory].type, operands);
    else
      sink_.simple(inst_, operands);
  }
  for (uint32_t i = 0; i < signature.result_count; ++i) operands[i].type = type_of(signature.results[i]);
  state_.operand_count += signature.result_count;
  state_.operand_count -= signature.param_count;
  return true;
}

}  // namespace wherry::validate
