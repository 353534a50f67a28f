#pragma once

#include "engine/validate/function_validator_core.h"

// Variables, parametric instructions, memories and tables (core spec 3.4.4 to 3.4.7).
namespace wherry::validate {

template <class Sink>
[[gnu::noinline]] bool FunctionValidator<Sink>::check_initialized(uint32_t index) {
  if ((buffers_.initialized[index / 64] >> (index % 64) & 1) != 0) return true;
  return fail(ErrorCode::UninitializedLocal, "local " + std::to_string(index));
}

template <class Sink>
[[gnu::noinline]] bool FunctionValidator<Sink>::initialize(uint32_t index) {
  uint64_t& word = buffers_.initialized[index / 64];
  const uint64_t bit = uint64_t{1} << (index % 64);
  if ((word & bit) != 0) return true;
  word |= bit;
  return buffers_.init_log.push_back(index) || fail_memory();
}

// What a block initialises is forgotten at its end.
template <class Sink>
void FunctionValidator<Sink>::reset_initialized(uint32_t init_height) {
  while (buffers_.init_log.size() > init_height) {
    const uint32_t index = buffers_.init_log.back();
    buffers_.initialized[index / 64] &= ~(uint64_t{1} << (index % 64));
    buffers_.init_log.pop_back();
  }
}

template <class Sink>
inline bool FunctionValidator<Sink>::local_get() {
  const uint32_t index = inst_.index;
  if (index >= state_.locals.size()) return fail_index(ErrorCode::UnknownLocal, index, state_.locals.size());
  if (tracks_locals_ && !check_initialized(index)) [[unlikely]]
    return false;
  if (!reserve_one()) return false;
  if (live_) {
    sink_.step(Op::Nop, inst_.offset);
    sink_.local_get(index, state_.operands + state_.operand_count);
  }
  state_.operands[state_.operand_count++].type = state_.locals[index];
  return true;
}

template <class Sink>
inline bool FunctionValidator<Sink>::local_set() {
  const uint32_t index = inst_.index;
  if (index >= state_.locals.size()) return fail_index(ErrorCode::UnknownLocal, index, state_.locals.size());
  if (!check_one(state_.locals[index]) || (tracks_locals_ && !initialize(index))) [[unlikely]]
    return false;
  if (live_) sink_.local_set(index, last(1));
  --state_.operand_count;
  return true;
}

template <class Sink>
inline bool FunctionValidator<Sink>::local_tee() {
  const uint32_t index = inst_.index;
  if (index >= state_.locals.size()) return fail_index(ErrorCode::UnknownLocal, index, state_.locals.size());
  if (!check_one(state_.locals[index]) || (tracks_locals_ && !initialize(index))) [[unlikely]]
    return false;
  if (live_) sink_.local_tee(index, last(1));
  last(1)->type = state_.locals[index];
  return true;
}

template <class Sink>
inline bool FunctionValidator<Sink>::global_get() {
  if (!check_global(inst_.index) || !reserve_one()) return false;
  if (live_) sink_.global_get(inst_.index, state_.operands + state_.operand_count);
  state_.operands[state_.operand_count++].type = typed_.global_types[inst_.index];
  return true;
}

template <class Sink>
inline bool FunctionValidator<Sink>::global_set() {
  if (!check_global(inst_.index)) return false;
  if (!module_.globals[inst_.index].type.is_mutable) {
    return fail(ErrorCode::ImmutableGlobal, "global " + std::to_string(inst_.index));
  }
  if (!check_one(typed_.global_types[inst_.index])) return false;
  if (live_) sink_.global_set(inst_.index, last(1));
  --state_.operand_count;
  return true;
}

template <class Sink>
inline bool FunctionValidator<Sink>::drop() {
  if (!need(1)) return false;
  if (live_) sink_.drop(last(1));
  --state_.operand_count;
  return true;
}

// Without a type: numbers and vectors only, both the same.
template <class Sink>
bool FunctionValidator<Sink>::select() {
  if (!need(3)) return false;
  OperandT* const operands = last(3);
  if (!match(operands[2].type, wasm::kI32)) return false;
  const ValType first = operands[0].type;
  const ValType second = operands[1].type;
  if (first.is_ref() || second.is_ref()) {
    return fail_expected(first.is_ref() ? first : second, "a number or a vector");
  }
  const ValType type = first.kind() == ValKind::Bottom ? second : first;
  if (second.kind() != ValKind::Bottom && second != type) return fail_mismatch(second, type);
  if (live_) sink_.select(type, operands);
  operands[0].type = type;
  state_.operand_count -= 2;
  return true;
}

template <class Sink>
bool FunctionValidator<Sink>::select_typed() {
  if (inst_.count != 1) {
    return fail(ErrorCode::InvalidResultArity, "found " + std::to_string(inst_.count) + " types, expected 1");
  }
  base::ByteReader reader(inst_.list, inst_.list_offset);
  base::Result<ValType> type = wasm::read_val_type(reader, module_.features);
  if (!type) {
    error_ = std::move(type).error();
    return false;
  }
  if (!resolve(&*type) || !check({*type, *type, wasm::kI32})) return false;
  if (live_) sink_.select(*type, last(3));
  last(3)->type = *type;
  state_.operand_count -= 2;
  return true;
}

template <class Sink>
bool FunctionValidator<Sink>::bulk(std::initializer_list<ValType> params,
                                   std::initializer_list<ValType> results) {
  if (!check(params)) return false;
  const uint32_t inputs = static_cast<uint32_t>(params.size());
  const uint32_t outputs = static_cast<uint32_t>(results.size());
  if (!reserve(uint64_t{state_.operand_count} + outputs)) return false;
  if (live_) sink_.bulk(inst_, last(inputs), inputs, outputs);
  set_types(last(inputs), Types(results.begin(), results.size()));
  state_.operand_count = state_.operand_count - inputs + outputs;
  return true;
}

template <class Sink>
bool FunctionValidator<Sink>::memory_op() {
  const bool is_init = inst_.op == Op::MemoryInit;
  const uint32_t memory = is_init ? inst_.second : inst_.index;
  if (!check_memory(memory)) return false;
  const ValType index = module_.memories[memory].type.limits.index_type();
  switch (inst_.op) {
    case Op::MemorySize: return bulk({}, {index});
    case Op::MemoryGrow: return bulk({index}, {index});
    case Op::MemoryFill: return bulk({index, wasm::kI32, index}, {});
    case Op::MemoryInit: return check_data(inst_.index) && bulk({index, wasm::kI32, wasm::kI32}, {});
    default: break;
  }
  if (!check_memory(inst_.second)) return false;
  const ValType source = module_.memories[inst_.second].type.limits.index_type();
  return bulk({index, source, index == wasm::kI32 ? index : source}, {});
}

template <class Sink>
bool FunctionValidator<Sink>::table_op() {
  const bool is_init = inst_.op == Op::TableInit;
  const uint32_t table = is_init ? inst_.second : inst_.index;
  if (!check_table(table)) return false;
  const ValType index = module_.tables[table].type.limits.index_type();
  const ValType element = typed_.table_types[table];
  switch (inst_.op) {
    case Op::TableGet: return bulk({index}, {element});
    case Op::TableSet: return bulk({index, element}, {});
    case Op::TableSize: return bulk({}, {index});
    case Op::TableGrow: return bulk({element, index}, {index});
    case Op::TableFill: return bulk({index, element, index}, {});
    case Op::TableInit:
      return check_element(inst_.index) && match(typed_.element_types[inst_.index], element) &&
             bulk({index, wasm::kI32, wasm::kI32}, {});
    default: break;
  }
  if (!check_table(inst_.second) || !match(typed_.table_types[inst_.second], element)) return false;
  const ValType source = module_.tables[inst_.second].type.limits.index_type();
  return bulk({index, source, index == wasm::kI32 ? index : source}, {});
}

}  // namespace wherry::validate
