#pragma once

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <type_traits>

#include "engine/validate/body_checks.h"
#include "engine/validate/fast_ops.h"
#include "engine/validate/function_state.h"
#include "engine/wasm/limits.h"

// The class, the drive and the stacks. Users include engine/validate/function_validator.h, which has the rest.
namespace wherry::validate {

// Validates bodies in one pass each (core spec 3.4, algorithm of its appendix), telling `Sink` what it reads:
// validating, and validating while lowering, are this one code. See NullSink for the contract of sinks.
//
//   ValidatorBuffers<NullSink> buffers;
//   NullSink sink;
//   FunctionValidator<NullSink> validator(typed, buffers, sink);
//   Result<void> valid = validator.run(func, typed.module.body_bytes(func));
//
// Refers to all three; may run one function after the other. Not thread-safe.
//
// How it works: rows with a signature are checked from the table, the common ones of them from kFastRows; Special
// rows have a member function each (function_validator_*.h). Operands that unreachable code lacks are put on the
// stack as Bottom when something asks for them, so that all rules see a full stack. Inside, a check answers false
// after storing its error.
template <class Sink>
class FunctionValidator : private BodyChecks {
 public:
  FunctionValidator(const TypedModule& module, ValidatorBuffers<Sink>& buffers, Sink& sink)
      : BodyChecks(module), buffers_(buffers), sink_(sink) {
    state_.module = &module;
  }

  // `body` holds the function's locals and code: the module's bytes, or a private copy of them. Errors:
  // Malformed, Invalid, Limit, OutOfMemory, with offsets in the file; and those of the sink.
  base::Result<void> run(wasm::FuncIndex func, base::ByteSpan body) {
    if (run_body(func, body)) return {};
    return base::Failure(std::move(error_));
  }

  // Validates the constant expression at the beginning of `expr`, with one result of type `expected` (canonical),
  // and answers its size in bytes. It may name the first `visible_globals` globals; the functions it names are
  // marked in `declared`, a bit each.
  base::Result<size_t> run_constant(const wasm::ConstExpr& expr, wasm::ValType expected,
                                    uint32_t visible_globals, std::span<uint64_t> declared) {
    if (!run_expression(expr, expected, visible_globals, declared)) return base::Failure(std::move(error_));
    return static_cast<size_t>(reader_.position() - expr.bytes.data());
  }

 private:
  using Op = wasm::Op;
  using ValType = wasm::ValType;
  using ValKind = wasm::ValKind;
  using HeapType = wasm::HeapType;
  using CanonType = wasm::CanonType;
  using Instruction = wasm::Instruction;
  using ErrorCode = wasm::ErrorCode;
  using Types = std::span<const ValType>;
  using OperandT = Operand<Sink>;
  using ControlT = Control<Sink>;
  static_assert(std::is_trivially_copyable_v<OperandT> && std::is_trivially_copyable_v<ControlT>);

  // ---- driving (below)
  bool run_body(wasm::FuncIndex func, base::ByteSpan body);
  bool run_expression(const wasm::ConstExpr& expr, ValType expected, uint32_t visible_globals,
                      std::span<uint64_t> declared);
  bool begin_state(const wasm::FuncType* func, ValType result);
  bool check_constant(uint32_t visible_globals);
  bool run_instructions();
  bool next();
  bool slow_next();
  bool read_index(const uint8_t* at) {
    if (reader_.remaining() > 1 && at[1] < 0x80) [[likely]] {
      reader_.seek(at + 2);
      inst_.index = at[1];
      return true;
    }
    reader_.seek(at + 1);
    inst_.index = reader_.u32();
    return reader_.ok() || fail_malformed();
  }
  // One byte that says all: no parameters, and no result or one of a number type.
  bool read_block(const uint8_t* at) {
    const uint32_t type = reader_.remaining() > 1 ? at[1] : 0;
    if (type != 0x40 && type - 0x7c > 3) [[unlikely]]
      return read_instruction();
    reader_.seek(at + 2);
    inst_.block.kind = type == 0x40 ? wasm::BlockType::Kind::Empty : wasm::BlockType::Kind::Value;
    inst_.block.value = static_cast<ValKind>(type);
    return true;
  }
  bool read_constant(const uint8_t* at, ValType type) {
    reader_.seek(at + 1);
    const uint8_t first = reader_.peek();
    if (first < 0x80 && !reader_.at_end()) {
      reader_.seek(at + 2);
      inst_.value = static_cast<uint64_t>(static_cast<int64_t>(static_cast<uint64_t>(first) << 57) >> 57);
      return true;
    }
    const int64_t value = type == wasm::kI32 ? reader_.s32() : reader_.s64();
    inst_.value = static_cast<uint64_t>(value);
    return reader_.ok() || fail_malformed();
  }
  // Of what is neither `end` nor `else`, for any of which Nop stands: then nobody has to compare.
  bool step() {
    if (live_) sink_.step(Op::Nop, inst_.offset);
    return true;
  }
  bool fail_of_sink() {
    error_ = sink_.take_error();
    return false;
  }
  bool dispatch();
  bool dispatch_control();
  bool dispatch_reference();
  bool dispatch_aggregate();

  // ---- the stacks (below)
  ControlT& top() { return state_.controls[state_.control_count - 1]; }
  bool reserve(uint64_t count) { return count <= capacity_ || grow(count); }
  bool reserve_one() { return state_.operand_count < capacity_ || grow(uint64_t{state_.operand_count} + 1); }
  bool grow(uint64_t count);
  // `count` operands are there.
  bool need(uint32_t count) { return state_.operand_count - floor_ >= count || need_slowly(count, {}); }
  bool need_slowly(uint32_t count, Types types);
  OperandT* last(uint32_t count) { return state_.operands + (state_.operand_count - count); }
  // Operands of these types are there.
  bool check(Types types) {
    const uint32_t count = static_cast<uint32_t>(types.size());
    if (state_.operand_count - floor_ < count && !need_slowly(count, types)) return false;
    return check_at(last(count), types);
  }
  // An operand of this type is there.
  bool check_one(ValType type) {
    if (state_.operand_count != floor_ && last(1)->type == type) [[likely]]
      return true;
    return check({type});
  }
  bool check(std::initializer_list<ValType> types) { return check(Types(types.begin(), types.size())); }
  bool check_at(const OperandT* operands, Types types);
  void set_types(OperandT* operands, Types types);
  bool push(ValType type);
  void set_unreachable();

  // ---- rows with a signature (function_validator_signature.h)
  template <uint32_t kCount>
  bool fast_operator(const FastRow& row, const uint8_t* at);
  bool fast_load(const FastRow& row, const uint8_t* at);
  bool fast_store(const FastRow& row, const uint8_t* at);
  bool read_fast_memarg(const FastRow& row, const uint8_t* at);
  bool constant(ValType type);
  bool by_signature();

  // ---- control (function_validator_control.h)
  bool enter(Op op, Types params, const wasm::FuncType* func, ValType result);
  bool read_block_type(const wasm::FuncType** func, ValType* result);
  bool block();
  bool try_table();
  bool check_catches();
  bool check_catch(const wasm::CatchClause& clause);
  bool else_();
  bool end();
  bool check_results(ControlT& control);
  bool label(uint32_t depth, ControlT** target);
  bool br();
  bool br_if();
  bool br_table();
  bool return_();
  bool call();
  bool call_indirect();
  bool call_ref();
  bool finish_call(const CanonType& type, uint32_t extra, bool is_tail);
  bool br_on_null();
  bool br_on_non_null();
  bool br_on_cast();

  // ---- variables, parameters, memories and tables (function_validator_data.h)
  bool check_initialized(uint32_t index);
  bool initialize(uint32_t index);
  void reset_initialized(uint32_t init_height);
  bool local_get();
  bool local_set();
  bool local_tee();
  bool global_get();
  bool global_set();
  bool drop();
  bool select();
  bool select_typed();
  bool memory_op();
  bool table_op();
  bool bulk(std::initializer_list<ValType> params, std::initializer_list<ValType> results);

  // ---- references and aggregates (function_validator_gc.h)
  bool reference_operand(OperandT* operand);
  bool ref_null();
  bool ref_is_null();
  bool ref_func();
  bool ref_as_non_null();
  bool convert_reference(wasm::AbstractHeap from, wasm::AbstractHeap to);
  bool cast(bool is_test, bool nullable);
  bool throw_();
  bool struct_new();
  bool struct_access();
  bool array_new();
  bool array_new_fixed();
  bool array_new_segment();
  bool array_access();
  bool array_bulk();
  bool check_array_segment(const CanonType& type, bool is_data);
  template <class TypeOf>
  bool aggregate(const CanonType& type, uint32_t count, TypeOf type_of);
  bool special(Types params, std::initializer_list<ValType> results);
  bool special(std::initializer_list<ValType> params, std::initializer_list<ValType> results) {
    return special(Types(params.begin(), params.size()), results);
  }

  ValidatorBuffers<Sink>& buffers_;
  Sink& sink_;
  FunctionState<Sink> state_;
  uint32_t capacity_ = 0;       // Of state_.operands.
  uint32_t floor_ = 0;          // Height of the innermost control.
  bool live_ = false;           // The instruction at hand is reachable.
  bool tracks_locals_ = false;  // Some local has no default.
};

// ---- driving

template <class Sink>
bool FunctionValidator<Sink>::run_body(wasm::FuncIndex func, base::ByteSpan body) {
  const uint64_t offset = module_.body(func).offset;
  const CanonType& type = typed_.func_type(func);
  begin_body(body, offset);
  if (!read_locals(type.func.params, &buffers_.locals, &tracks_locals_)) return false;
  state_.func = func;
  state_.type = &type;
  state_.locals = buffers_.locals;
  state_.body = body;
  state_.body_offset = offset;
  state_.code_begin = static_cast<size_t>(reader_.position() - body.data());
  if (!begin_state(&type.func, ValKind::Bottom)) return false;
  if (tracks_locals_) {
    buffers_.initialized.clear();
    if (!buffers_.initialized.resize(state_.locals.size() / 64 + 1)) return fail_memory();
    for (uint32_t i = 0; i < state_.locals.size(); ++i) {
      if (i < type.func.params.size() || state_.locals[i].is_defaultable())
        buffers_.initialized[i / 64] |= uint64_t{1} << (i % 64);
    }
  }
  sink_.begin(state_);
  if (!run_instructions()) return false;
  if (!reader_.at_end()) {
    inst_.offset = reader_.offset();
    return fail(ErrorCode::EndOpcodeExpected, "found more bytes behind the body's end");
  }
  sink_.finish();
  return !sink_.failed() || fail_of_sink();
}

template <class Sink>
bool FunctionValidator<Sink>::run_expression(const wasm::ConstExpr& expr, ValType expected,
                                             uint32_t visible_globals, std::span<uint64_t> declared) {
  begin_body(expr.bytes, expr.offset);
  tracks_locals_ = false;
  state_.locals = {};
  if (!begin_state(nullptr, expected)) return false;
  while (state_.control_count != 0) {
    if (!read_instruction() || !check_constant(visible_globals) || !dispatch()) return false;
    if (inst_.op == Op::RefFunc && !declared.empty())
      declared[inst_.index / 64] |= uint64_t{1} << (inst_.index % 64);
  }
  return true;
}

template <class Sink>
bool FunctionValidator<Sink>::check_constant(uint32_t visible_globals) {
  if (!is_constant(inst_.op, module_.features)) {
    std::string detail = "found " + std::string(wasm::info(inst_.op).text);
    if (is_constant(inst_.op, wasm::Features::all())) detail += ", which needs extended-const";
    return fail(ErrorCode::ConstantExpressionRequired, detail);
  }
  if (inst_.op != Op::GlobalGet) return true;
  if (inst_.index >= visible_globals)
    return fail_index(ErrorCode::UnknownGlobal, inst_.index, visible_globals);
  return !module_.globals[inst_.index].type.is_mutable ||
         fail(ErrorCode::ConstantExpressionRequired, "found a mutable global");
}

template <class Sink>
bool FunctionValidator<Sink>::begin_state(const wasm::FuncType* func, ValType result) {
  state_.operands = buffers_.operands.data();
  capacity_ = static_cast<uint32_t>(buffers_.operands.size());
  state_.operand_count = 0;
  floor_ = 0;
  live_ = true;
  buffers_.controls.clear();
  buffers_.init_log.clear();
  ControlT body;
  body.func = func;
  body.result = result;
  body.entered = true;
  if (!buffers_.controls.push_back(body)) return fail_memory();
  state_.controls = buffers_.controls.data();
  state_.control_count = 1;
  return reserve(16);
}

template <class Sink>
bool FunctionValidator<Sink>::run_instructions() {
  do {
    if (sink_.failed()) [[unlikely]]
      return fail_of_sink();
    if (!next()) [[unlikely]]
      return false;
  } while (state_.control_count != 0);
  return true;
}

template <class Sink>
[[gnu::always_inline]] inline bool FunctionValidator<Sink>::next() {
  const uint8_t* const at = reader_.position();
  if (reader_.at_end()) [[unlikely]] {
    inst_.offset = reader_.offset();
    return fail(ErrorCode::EndOpcodeExpected, "found the end of the body");
  }
  const FastRow& row = kFastRows[*at];  // Read where it is asked for: most kinds need the operation only.
  inst_.offset = reader_.offset_of(at);
  inst_.op = row.op;
  switch (row.kind) {
    case FastKind::Slow: return slow_next();
    case FastKind::Unary: return fast_operator<1>(row, at);
    case FastKind::Binary: return fast_operator<2>(row, at);
    case FastKind::Load: return fast_load(row, at);
    case FastKind::Store: return fast_store(row, at);
    case FastKind::I32Const: return read_constant(at, wasm::kI32) && constant(wasm::kI32);
    case FastKind::I64Const: return read_constant(at, wasm::kI64) && constant(wasm::kI64);
    case FastKind::LocalGet: return read_index(at) && local_get();
    case FastKind::LocalSet: return read_index(at) && step() && local_set();
    case FastKind::LocalTee: return read_index(at) && step() && local_tee();
    case FastKind::Block: return read_block(at) && step() && block();
    case FastKind::Br: return read_index(at) && step() && br();
    case FastKind::BrIf: return read_index(at) && step() && br_if();
    case FastKind::Call: return read_index(at) && step() && call();
    case FastKind::Index: return read_index(at) && dispatch();
    case FastKind::End: reader_.seek(at + 1); return end();
    case FastKind::Bare: reader_.seek(at + 1); return dispatch();
  }
  __builtin_unreachable();
}

template <class Sink>
[[gnu::noinline]] bool FunctionValidator<Sink>::slow_next() {
  return read_instruction() && dispatch();
}

template <class Sink>
bool FunctionValidator<Sink>::dispatch() {
  if (inst_.op != Op::End && inst_.op != Op::Else) step();
  switch (inst_.op) {
    case Op::Nop: return true;
    case Op::GlobalGet: return global_get();
    case Op::GlobalSet: return global_set();
    case Op::Drop: return drop();
    case Op::Select: return select();
    case Op::SelectTyped: return select_typed();
    case Op::MemorySize:
    case Op::MemoryGrow:
    case Op::MemoryInit:
    case Op::MemoryCopy:
    case Op::MemoryFill: return memory_op();
    case Op::TableGet:
    case Op::TableSet:
    case Op::TableInit:
    case Op::TableCopy:
    case Op::TableGrow:
    case Op::TableSize:
    case Op::TableFill: return table_op();
    default: return dispatch_control();
  }
}

template <class Sink>
bool FunctionValidator<Sink>::dispatch_control() {
  switch (inst_.op) {
    case Op::Unreachable:
      if (live_) sink_.unreachable();
      set_unreachable();
      return true;
    case Op::TryTable: return try_table();
    case Op::Else: return else_();
    case Op::End: return end();
    case Op::BrTable: return br_table();
    case Op::Return: return return_();
    case Op::ReturnCall: return call();
    case Op::CallIndirect:
    case Op::ReturnCallIndirect: return call_indirect();
    case Op::CallRef:
    case Op::ReturnCallRef: return call_ref();
    case Op::BrOnNull: return br_on_null();
    case Op::BrOnNonNull: return br_on_non_null();
    case Op::BrOnCast:
    case Op::BrOnCastFail: return br_on_cast();
    default: return dispatch_reference();
  }
}

template <class Sink>
bool FunctionValidator<Sink>::dispatch_reference() {
  using enum wasm::AbstractHeap;
  switch (inst_.op) {
    case Op::RefNull: return ref_null();
    case Op::RefIsNull: return ref_is_null();
    case Op::RefFunc: return ref_func();
    case Op::RefAsNonNull: return ref_as_non_null();
    case Op::RefEq: {
      const ValType eq = ValType::ref(Eq, true);
      return special({eq, eq}, {wasm::kI32});
    }
    case Op::RefTest: return cast(true, false);
    case Op::RefTestNull: return cast(true, true);
    case Op::RefCast: return cast(false, false);
    case Op::RefCastNull: return cast(false, true);
    case Op::AnyConvertExtern: return convert_reference(Extern, Any);
    case Op::ExternConvertAny: return convert_reference(Any, Extern);
    case Op::RefI31: return special({wasm::kI32}, {ValType::ref(I31, false)});
    case Op::I31GetS:
    case Op::I31GetU: return special({ValType::ref(I31, true)}, {wasm::kI32});
    case Op::Throw: return throw_();
    case Op::ThrowRef:
      if (!special({wasm::kExnRef}, {})) return false;
      set_unreachable();
      return true;
    default: return dispatch_aggregate();
  }
}

template <class Sink>
bool FunctionValidator<Sink>::dispatch_aggregate() {
  switch (inst_.op) {
    case Op::StructNew:
    case Op::StructNewDefault: return struct_new();
    case Op::StructGet:
    case Op::StructGetS:
    case Op::StructGetU:
    case Op::StructSet: return struct_access();
    case Op::ArrayNew:
    case Op::ArrayNewDefault: return array_new();
    case Op::ArrayNewFixed: return array_new_fixed();
    case Op::ArrayNewData:
    case Op::ArrayNewElem: return array_new_segment();
    case Op::ArrayGet:
    case Op::ArrayGetS:
    case Op::ArrayGetU:
    case Op::ArraySet: return array_access();
    case Op::ArrayLen: return special({ValType::ref(wasm::AbstractHeap::Array, true)}, {wasm::kI32});
    case Op::ArrayFill:
    case Op::ArrayCopy:
    case Op::ArrayInitData:
    case Op::ArrayInitElem: return array_bulk();
    default: return by_signature();
  }
}

// ---- the stacks

template <class Sink>
[[gnu::noinline]] bool FunctionValidator<Sink>::grow(uint64_t count) {
  if (count > wasm::kMaxOperands) {
    return fail(ErrorCode::FrameTooLarge, "found " + std::to_string(count) + " operands, expected at most " +
                                              std::to_string(wasm::kMaxOperands));
  }
  const uint64_t larger = std::min<uint64_t>(capacity_ + capacity_ / 2 + 64, wasm::kMaxOperands);
  const uint64_t wanted = std::max(count, larger);
  if (!buffers_.operands.resize(wanted)) return fail_memory();
  state_.operands = buffers_.operands.data();
  capacity_ = static_cast<uint32_t>(wanted);
  return true;
}

// Puts operands below those of an unreachable frame until there are `count`: Bottom, or the types that the caller is
// going to ask of all.
template <class Sink>
[[gnu::noinline]] bool FunctionValidator<Sink>::need_slowly(uint32_t count, Types types) {
  const uint32_t present = state_.operand_count - floor_;
  if (!top().unreachable) return fail_operands(count, present);
  const uint32_t missing = count - present;
  if (!reserve(uint64_t{state_.operand_count} + missing)) return false;
  OperandT* const begin = state_.operands + floor_;
  std::memmove(static_cast<void*>(begin + missing), begin, present * sizeof(OperandT));
  if (types.empty()) {
    for (uint32_t i = 0; i < missing; ++i) begin[i].type = ValKind::Bottom;
  } else {
    set_types(begin, types.first(missing));
  }
  state_.operand_count += missing;
  return true;
}

// Where operands are types alone, long lists of them are compared and copied as bytes: two bytes of code can ask for a
// thousand.
template <class Sink>
bool FunctionValidator<Sink>::check_at(const OperandT* operands, Types types) {
  if constexpr (sizeof(OperandT) == sizeof(ValType)) {
    if (types.size() >= 8 && std::memcmp(operands, types.data(), types.size_bytes()) == 0) return true;
  }
  for (size_t i = 0; i < types.size(); ++i) {
    if (!match(operands[i].type, types[i])) return false;
  }
  return true;
}

template <class Sink>
void FunctionValidator<Sink>::set_types(OperandT* operands, Types types) {
  if constexpr (sizeof(OperandT) == sizeof(ValType)) {
    if (types.size() >= 8) {
      std::memcpy(static_cast<void*>(operands), types.data(), types.size_bytes());
      return;
    }
  }
  for (size_t i = 0; i < types.size(); ++i) operands[i].type = types[i];
}

template <class Sink>
bool FunctionValidator<Sink>::push(ValType type) {
  if (!reserve_one()) return false;
  state_.operands[state_.operand_count++].type = type;
  return true;
}

template <class Sink>
void FunctionValidator<Sink>::set_unreachable() {
  ControlT& control = top();
  control.unreachable = true;
  state_.operand_count = control.height;
  live_ = false;
}

}  // namespace wherry::validate
