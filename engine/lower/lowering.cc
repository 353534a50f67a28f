// Values, variables and memory: the part of lowering that emits what computes. Control is in lowering_control.cc,
// calls in lowering_calls.cc.
#include "engine/lower/lowering.h"

#include "engine/lower/finish_code.h"
#include "engine/lower/pinned.h"
#include "engine/wasm/errors.h"

namespace wherry::lower {

using wasm::ErrorCode;
using wasm::Op;
using wasm::ValType;

Lowering::Lowering(const Environment& environment, Memory* memory, SlotCode* out, bool with_positions)
    : environment_(environment),
      memory_(memory),
      out_(out),
      emitter_(environment.handlers, environment.options, &out->cells),
      with_positions_(with_positions),
      notes_steps_(with_positions || environment.options.fuel || environment.options.observe_instructions) {}

void Lowering::fail(ErrorCode code, std::string_view detail) {
  if (failed_) return;
  failed_ = true;
  emitter_.set_failed();
  error_ = base::Error{code, offset_, std::string(detail)};
}

void Lowering::cannot_run(Op op) { fail(ErrorCode::NotYetExecutable, wasm::info(op).text); }

base::Error Lowering::take_error() {
  if (failed_) return std::move(error_);
  return base::Error{ErrorCode::OutOfMemory, offset_, {}};
}

// --- Frame and stack positions ---

// Parameters, header, locals, temporaries. A wide function has its temporaries in a second frame behind the locals,
// which are then below slot 0. See docs/abi.md.
void Lowering::place_locals() {
  if (!memory_->places.resize(state_->locals.size())) return fail(ErrorCode::OutOfMemory);
  const size_t params = state_->type->func.params.size();
  uint32_t slots = 0;
  for (const ValType type : state_->locals) slots += wasm::slots_of(type);  // At most 51,000 of 2.
  is_wide_ = slots > kMostNearLocalSlots;
  // Vectors lie at even slots: an odd one may cross a cache line, and then who reads what was just written waits.
  const bool is_aligned = slots > state_->locals.size() && slots <= kMostAlignedLocalSlots;
  has_plain_locals_ = !is_wide_;
  uint32_t at = 0;
  const auto place = [&](size_t i, uint32_t below) {
    memory_->places[i] = {at - below, state_->locals[i], From::Slot};
    at += wasm::slots_of(state_->locals[i]);
  };
  for (size_t i = 0; i < params; ++i) place(i, 0);
  header_ = at;
  at += abi::kFrameHeaderSlots;
  first_temp_ = at;
  out_->zero_begin = at;
  out_->zero_count = 0;
  for (size_t i = params; i < state_->locals.size(); ++i) {
    out_->zero_count += wasm::slots_of(state_->locals[i]);
  }
  second_frame_ = is_wide_ ? locals_end() : 0;
  for (size_t i = params; i < state_->locals.size(); ++i) {
    if (is_aligned && wasm::slots_of(state_->locals[i]) == 2) at += at % 2;
    place(i, second_frame_);
  }
  if (!is_wide_) {
    first_temp_ = at + (is_aligned ? at % 2 : 0);
    out_->zero_count = first_temp_ - out_->zero_begin;
  }
  last_reached_ = first_temp_;
}

// --- Which locals a call has to clear ---
//
// Only those that are read before they are written: compilers leave few, and clearing takes a loop in every call. A local
// counts as written from its local.set on, until a label that somebody branched to before: blocks are what ways meet at,
// so no other analysis is needed, and each instruction is looked at once. References are always cleared, since the
// collector takes what it finds in a slot for one.

void Lowering::begin_assigned() {
  const size_t count = state_->locals.size();
  memory_->assigned_log.clear();
  assigned_time_ = 0;
  clear_begin_ = kNone;
  clear_end_ = 0;
  if (!memory_->assigned.resize(count)) return fail(ErrorCode::OutOfMemory);
  assigned_ = memory_->assigned.data();
  const size_t params = state_->type->func.params.size();
  const bool all = !environment_.options.unread_locals || is_wide_;
  for (size_t i = 0; i < count; ++i) {
    assigned_[i] = all || i < params;
    if (assigned_[i] == 0 && state_->locals[i].is_ref()) clear_at_entry(static_cast<uint32_t>(i));
  }
  if (!all) out_->zero_count = 0;
}

void Lowering::clear_at_entry(uint32_t local) {
  assigned_[local] = 1;
  const LocalPlace& place = memory_->places[local];
  const uint32_t end = place.slot + wasm::slots_of(place.type);
  if (place.slot < clear_begin_) clear_begin_ = place.slot;
  if (end > clear_end_) clear_end_ = end;
}

void Lowering::note_assigned(uint32_t local) {
  assigned_[local] = 1;
  if (!memory_->assigned_log.push_back({local, ++assigned_time_})) fail(ErrorCode::OutOfMemory);
}

void Lowering::forget_assigned_since(uint32_t time) {
  base::Vector<AssignedLocal>& log = memory_->assigned_log;
  while (!log.empty() && log.back().time > time) {
    assigned_[log.back().local] = 0;
    log.pop_back();
  }
}

// The words are those of HandlerTable::wide_enter.
void Lowering::enter_second_frame() {
  const auto results = static_cast<uint16_t>(state_->type->result_slots);
  const Cell operands = Emitter::pack(SlotsOffset{static_cast<uint16_t>(header_), results, second_frame_});
  emitter_.emit(environment_.handlers.wide_enter, operands);
  emitter_.word(Emitter::pack(Slots{0, 0, 0, 0}));
  emitter_.emit(environment_.handlers.wide_leave, operands);
}

void Lowering::begin(State& state) {
  state_ = &state;
  offset_ = state.body_offset;
  body_bytes_ = state.body.size();
  place_locals();
  if (failed_) return;
  begin_assigned();
  if (failed_) return;
  memory_->patches.clear();
  memory_->vectors.clear();
  settled_ = 0;
  catch_scope_ = kNone;
  PinnedLocals pinned;
  if (environment_.options.pinned_locals && !is_wide_) {
    pinned = choose_pinned(state.body.subspan(state.code_begin), state.locals, state.module->module.features,
                           &memory_->counts);
    if (!environment_.options.pinned_floats) {
      pinned.first_float = pinned.second_float = pinned.vector = PinnedLocals::kNone;
    }
  }
  emitter_.begin(memory_->places.data(), pinned, &memory_->vectors);
  memory_->starts.clear();
  emitter_.record_starts(&memory_->starts);
  if (with_positions_) {
    memory_->positions.clear();
    emitter_.record_positions(&memory_->positions);
  }
  emitter_.set_offset(static_cast<uint32_t>(offset_));
  if (is_wide_) enter_second_frame();
  emitter_.load_pins();
  if (environment_.options.pause_at_returns) look_at_deadline();
  if (environment_.options.observe_calls) observe(abi::Moment::Enter, 0);
  begin_segment();
}

void Lowering::finish() {
  end_segment();
  const uint32_t temps_end = last_reached_ + 1;
  if (temps_end > kLastSlot) return fail(ErrorCode::FrameTooLarge, "the operand stack is too deep");
  if (clear_begin_ < clear_end_) {
    out_->zero_begin = clear_begin_;
    out_->zero_count = clear_end_ - clear_begin_;
  }
  const uint32_t ends = second_frame_ + temps_end;
  out_->frame_slots = (ends > locals_end() ? ends : locals_end()) + 1;
  out_->param_slots = static_cast<uint16_t>(header_);
  out_->pinned0 = emitter_.pinned_slot(0);
  out_->pinned1 = emitter_.pinned_slot(1);
  emitter_.finish();
  if (!emitter_.failed()) finish_code();
  if (!with_positions_) return;
  out_->positions.clear();
  for (const Emitter::Position& position : memory_->positions) {
    if (!out_->positions.push_back({position.word, position.offset})) return fail(ErrorCode::OutOfMemory);
  }
}

void Lowering::note_step(Op op) {
  emitter_.set_offset(static_cast<uint32_t>(offset_));
  if (op == Op::End || op == Op::Else) return;
  ++fuel_;
  if (environment_.options.observe_instructions) observe(abi::Moment::Instruction, 0);
}

void Lowering::observe(abi::Moment moment, uint32_t slot) {
  emitter_.observe({moment, static_cast<uint16_t>(slot), static_cast<uint32_t>(offset_), state_->func.value});
}

void Lowering::finish_code() {
  const JoinTable none;
  const JoinTable& joins = environment_.options.joined_handlers ? environment_.handlers.joins : none;
  const bool is_metered = environment_.options.fuel || environment_.options.interruption;
  lower::finish_code(joins, &out_->cells, memory_->starts, is_metered, [this](size_t first, uint32_t which) {
    if (!with_positions_) return;
    memory_->positions[first].offset = memory_->positions[first + which].offset;
  });
}

void Lowering::put_temps(Operand* operands, std::span<const ValType> types) {
  uint32_t slot = slot_at(operands);
  for (size_t i = 0; i < types.size(); ++i) {
    operands[i].value = Value::temp(slot);
    slot += wasm::slots_of(types[i]);
  }
  reach(slot);
}

void Lowering::materialize(Operand* operands, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) emitter_.materialize(&operands[i].value, operands[i].type);
}

// Leaves nothing but temporaries and constants among the first `count` operands.
void Lowering::settle_pending(uint32_t count) {
  for (uint32_t i = settled_; i < count; ++i) {
    Operand& operand = state_->operands[i];
    if (!operand.value.is_const()) emitter_.materialize(&operand.value, operand.type);
  }
  if (settled_ < count) settled_ = count;
}

// Somebody is about to write the local: whoever still means its old value takes it now.
void Lowering::flush_readers(uint32_t local, uint32_t count) {
  if (count > settled_ && count - settled_ > 2 * kMostPending) settle_pending(count);
  for (uint32_t i = settled_; i < count; ++i) {
    Operand& operand = state_->operands[i];
    if (operand.value.reads_local(local)) emitter_.materialize(&operand.value, operand.type);
  }
}

// --- Instructions with a signature ---

void Lowering::simple(const Instruction& instruction, Operand* operands) {
  const Op op = instruction.op;
  switch (op) {
    case Op::I32Const:
    case Op::I64Const: return constant(instruction, operands);
    case Op::F32Const:
    case Op::F64Const: return put_constant(operands, Value::constant(0, instruction.value));
    default: break;
  }
  switch (family_of(op).shape) {
    case Shape::Unary: return unary(instruction, operands);
    case Shape::Binary: return binary(instruction, operands);
    default: break;
  }
  if (vector_family_of(op).shape != VectorShape::None) return vector(instruction, operands);
  other(instruction, operands, wasm::info(op).signature.param_count);
}

void Lowering::unary(const Instruction& instruction, Operand* operand) {
  const uint32_t to = slot_at(operand);
  emitter_.unary(instruction.op, operand->value, to);
  operand->value = Value::temp(to);
  if (environment_.options.nan_canonicalization) [[unlikely]]
    canonicalize_nan(instruction.op, to);
}

void Lowering::binary(const Instruction& instruction, Operand* operands) {
  const Value left = operands[0].value;
  const Value right = operands[1].value;
  if (instruction.op == Op::I32Add && environment_.options.address_folding) {
    const bool local_first = left.kind == Value::Kind::Local;
    const Value& base = local_first ? left : right;
    const Value& added = local_first ? right : left;
    if (base.kind == Value::Kind::Local && (added.kind == Value::Kind::Local || added.is_const())) {
      return put_pending(operands, Value::sum(0, base.local(), added.local(), !added.is_const()));
    }
  }
  const uint32_t to = slot_at(operands);
  emitter_.binary(instruction.op, left, right, to);
  operands[0].value = Value::temp(to);
  if (environment_.options.nan_canonicalization) [[unlikely]]
    canonicalize_nan(instruction.op, to);
}

// Behind an instruction that has written its result to `slot`.
void Lowering::canonicalize_nan(Op op, uint32_t slot) {
  enum Kind : uint8_t { F32, F64, F32x4, F64x2, None };
  Kind kind = None;
  switch (op) {
#define NAN_SOURCE(name, result) \
  case Op::name: kind = result; break;
#include "engine/wasm/nan_sources.inc"
    default: return;
  }
  emitter_.forget();  // The accumulators hold what was there before.
  emitter_.emit(environment_.handlers.canonical_nan[kind],
                Emitter::pack(Slots{static_cast<uint16_t>(slot), 0, 0, 0}));
}

// Everything that works on its operands' slots through one handler.
void Lowering::other(const Instruction& instruction, Operand* operands, uint32_t params) {
  const Handler handler = environment_.handlers.other[static_cast<uint32_t>(instruction.op)];
  if (handler == 0) return cannot_run(instruction.op);
  materialize(operands, params);
  const uint32_t first = slot_at(operands);
  // Results may reach past the operands: at most two slots more.
  reach(first + 2);
  emitter_.emit(handler, Emitter::pack(Slots{static_cast<uint16_t>(first), 0, 0, 0}));
  emitter_.word(instruction.index | uint64_t{instruction.second} << 32);
  emitter_.seal();
  const wasm::Signature& signature = wasm::info(instruction.op).signature;
  const uint32_t results = signature.is_special ? 1 : signature.result_count;
  for (uint32_t i = 0; i < results; ++i) {
    emitter_.overwritten(first + i);
    operands[i].value = Value::temp(first + i);
  }
}

// Instructions of one memory or table are given the place of its pointer in the Context (see HandlerTable::other).
void Lowering::bulk(const Instruction& instruction, Operand* operands, uint32_t params, uint32_t results) {
  static_cast<void>(results);
  Instruction placed = instruction;
  switch (wasm::info(instruction.op).immediate) {
    case wasm::Immediate::Memory: placed.second = environment_.layout.memories + instruction.index * 8; break;
    case wasm::Immediate::Table: placed.second = environment_.layout.tables + instruction.index * 8; break;
    default: break;
  }
  other(placed, operands, params);
}

void Lowering::select(ValType type, Operand* operands) {
  const uint32_t to = slot_at(operands);
  if (type == wasm::kV128) {
    emitter_.vector_select(operands[0].value, operands[1].value, operands[2].value, to);
  } else {
    emitter_.select(type, operands[0].value, operands[1].value, operands[2].value, to);
  }
  operands[0].value = Value::temp(to);
}

void Lowering::memory_access(const Instruction& instruction, const wasm::MemoryType& type,
                             Operand* operands) {
  const Op op = instruction.op;
  if (is_atomic(wasm::info(op).immediate)) return atomic_access(instruction, operands);
  const Family family = family_of(op);
  const bool is_load = family.shape == Shape::Load;
  const bool is_guarded = environment_.options.guard_pages;
  const bool is_plain =
      instruction.memory == 0 && !type.limits.is_64 && instruction.value <= 0xffffffff &&
      (!is_guarded || (type.page_size_log2 == 16 && instruction.value < kGuardedOffsetLimit));
  if (family.shape == Shape::None) {
    if (vector_family_of(op).shape == VectorShape::None) return cannot_run(op);
    return is_plain ? vector_access(instruction, operands) : vector_access_any(instruction, operands);
  }
  const uint32_t to = slot_at(operands);
  if (is_plain) {
    const auto offset = static_cast<uint32_t>(instruction.value);
    if (is_load) {
      emitter_.load(op, operands[0].value, offset, to);
    } else {
      emitter_.store(op, operands[0].value, operands[1].value, offset);
    }
  } else {
    materialize(operands, is_load ? 1 : 2);
    const Handler handler = is_load ? environment_.handlers.load_any[family.index][type.limits.is_64]
                                    : environment_.handlers.store_any[family.index][type.limits.is_64];
    const uint16_t value = is_load ? 0 : static_cast<uint16_t>(operands[1].value.slot);
    emitter_.emit(handler, Emitter::pack(Slots{static_cast<uint16_t>(operands[0].value.slot), value,
                                               static_cast<uint16_t>(to), 0}));
    emitter_.word(instruction.value);
    emitter_.word(environment_.layout.memories + instruction.memory * 8);
    emitter_.forget();
  }
  if (is_load) operands[0].value = Value::temp(to);
}

// One form for all memories; see HandlerTable::other.
void Lowering::atomic_access(const Instruction& instruction, Operand* operands) {
  const Handler handler = environment_.handlers.other[static_cast<uint32_t>(instruction.op)];
  if (handler == 0) return cannot_run(instruction.op);
  const wasm::Signature& signature = wasm::info(instruction.op).signature;
  materialize(operands, signature.param_count);
  const uint32_t first = slot_at(operands);
  emitter_.emit(handler, Emitter::pack(Slots{static_cast<uint16_t>(first), 0, 0, 0}));
  emitter_.word(instruction.value);
  emitter_.word((environment_.layout.memories + instruction.memory * 8) | uint64_t{instruction.memory} << 32);
  emitter_.seal();
  if (signature.result_count == 0) return;
  emitter_.overwritten(first);
  operands[0].value = Value::temp(first);
}

// --- Variables ---

// To or from a local beyond the reach of ordinary operands.
void Lowering::move_far(uint32_t from, uint32_t to, ValType type) {
  for (uint32_t i = 0; i < wasm::slots_of(type); ++i) emitter_.move_wide(from + i, to + i);
}

void Lowering::local_get_other(uint32_t index, Operand* result) {
  if (assigned_[index] == 0) clear_at_entry(index);
  if (!is_far(index)) return put_pending(result, Value::of_local(0, index));
  put_temp(result);
  move_far(memory_->places[index].slot, result->value.slot, state_->locals[index]);
}

void Lowering::local_set(uint32_t index, Operand* operand) {
  if (is_far(index)) {
    emitter_.materialize(&operand->value, operand->type);
    move_far(operand->value.slot, memory_->places[index].slot, operand->type);
    return emitter_
        .forget_producers();  // The move reads the slot, so what a tee leaves may not be taken out of it.
  }
  if (assigned_[index] == 0) note_assigned(index);
  flush_readers(index, index_of(operand));
  emitter_.set_local(index, operand->value);
}

void Lowering::local_tee(uint32_t index, Operand* operand) {
  local_set(index, operand);
  if (failed_ || is_far(index) || operand->value.is_const()) return;
  put_pending(operand, Value::of_local(0, index));
}

void Lowering::global_get(uint32_t index, Operand* result) {
  const ValType type = state_->module->global_types[index];
  const bool imported = index < state_->module->module.imported_globals;
  put_temp(result);
  if (type == wasm::kV128) {
    emitter_.vector_global_get(imported, environment_.global_offsets[index], result->value.slot);
  } else {
    emitter_.global_get(type, imported, environment_.global_offsets[index], result->value.slot);
  }
}

void Lowering::global_set(uint32_t index, Operand* operand) {
  const ValType type = state_->module->global_types[index];
  const bool imported = index < state_->module->module.imported_globals;
  if (type == wasm::kV128) {
    emitter_.vector_global_set(imported, environment_.global_offsets[index], operand->value);
  } else {
    emitter_.global_set(type, imported, environment_.global_offsets[index], operand->value);
  }
}

void Lowering::ref_null(wasm::HeapType, Operand* result) {
  put_constant(result, Value::constant(0, abi::kNullRef));
}

void Lowering::ref_func(uint32_t func, Operand* result) {
  Instruction instruction;
  instruction.op = Op::RefFunc;
  const uint32_t imported = state_->module->module.imported_funcs;
  if (func < imported) {
    instruction.second = environment_.layout.imported_funcs + func * 8;
  } else {
    instruction.index = func - imported;
  }
  other(instruction, result, 0);
}

void Lowering::ref_is_null(Operand* operand) {
  const uint32_t to = slot_at(operand);
  emitter_.unary(Op::I64Eqz, operand->value, to);
  operand->value = Value::temp(to);
}

void Lowering::ref_as_non_null(Operand* operand) {
  Instruction instruction;
  instruction.op = Op::RefAsNonNull;
  other(instruction, operand, 1);
}

}  // namespace wherry::lower
