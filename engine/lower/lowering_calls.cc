// Calls. Arguments lie where the callee's frame begins, so passing them costs nothing beyond computing them in
// place; results come back in the same slots.
#include "engine/lower/lowering.h"

#include "engine/wasm/errors.h"

namespace wherry::lower {

// What returning from a call reads: how far the callee's frame is from the caller's, and which slots the caller's
// pinned registers mirror; and where the callee's header is, which calling reads. For calls that come back, hence may throw.
Cell Lowering::call_word(const CanonType& type, uint32_t base) {
  note_throwing();
  return Emitter::pack(Slots{static_cast<uint16_t>(base), emitter_.pinned_slot(0), emitter_.pinned_slot(1),
                             static_cast<uint16_t>(type.param_slots)});
}

void Lowering::after_call(const CanonType& type, Operand* arguments) {
  const uint32_t base = slot_at(arguments);
  put_temps(arguments, type.func.results);
  const bool one_integer = type.func.results.size() == 1 && type.func.results[0] != wasm::kV128 &&
                           domain_of(type.func.results[0]) == Domain::Int;
  emitter_.clobbered_except_int(one_integer ? base : kNone);
  emitter_.load_pins();
}

void Lowering::call(uint32_t func, const CanonType& type, Operand* arguments) {
  materialize(arguments, static_cast<uint32_t>(type.func.params.size()));
  const Cell last = call_word(type, slot_at(arguments));
  if (func < state_->module->module.imported_funcs) {
    emitter_.emit(environment_.handlers.call_import, environment_.layout.imported_funcs + func * 8);
  } else {
    abi::FuncCode* code = &environment_.codes[func - state_->module->module.imported_funcs];
    emitter_.emit(environment_.handlers.call, reinterpret_cast<Cell>(code));
  }
  emitter_.word(last);
  after_call(type, arguments);
}

void Lowering::emit_indirect(const Instruction& instruction, const CanonType& type, Operand* index, Cell last,
                             bool tail) {
  const HandlerTable& handlers = environment_.handlers;
  const wasm::TableType& table = state_->module->module.tables[instruction.second].type;
  if (tail || !(index->value.is_temp() || index->value.kind == Value::Kind::Local)) {
    emitter_.materialize(&index->value, index->type);
  }
  Handler handler = handlers.return_call_indirect[!type.is_final];
  uint16_t slot = static_cast<uint16_t>(index->value.slot);
  if (!tail) {
    slot = emitter_.pick_one(handlers.call_indirect[!type.is_final], 1, index->value, index->type, &handler)
               .slot;
  }
  emitter_.emit(handler, slot | uint64_t{abi::type_id_of(type.id)} << 32);
  const uint64_t depth = type.depth | (table.limits.is_64 ? uint64_t{1} << 31 : 0);
  emitter_.word((environment_.layout.tables + instruction.second * 8) | depth << 32);
  emitter_.word(last);
}

void Lowering::call_indirect(const Instruction& instruction, const CanonType& type, Operand* arguments) {
  const auto params = static_cast<uint32_t>(type.func.params.size());
  materialize(arguments, params);
  emit_indirect(instruction, type, &arguments[params], call_word(type, slot_at(arguments)), false);
  after_call(type, arguments);
}

void Lowering::call_ref(const Instruction&, const CanonType& type, Operand* arguments) {
  const auto params = static_cast<uint32_t>(type.func.params.size());
  Operand& callee = arguments[params];
  materialize(arguments, params);
  if (callee.value.is_const()) emitter_.materialize(&callee.value, callee.type);
  Handler handler;
  const Emitter::Source from =
      emitter_.pick_one(environment_.handlers.call_ref, 1, callee.value, callee.type, &handler);
  emitter_.emit(handler, Emitter::pack(Slots{from.slot, 0, 0, 0}));
  emitter_.word(call_word(type, slot_at(arguments)));
  after_call(type, arguments);
}

// --- Tail calls: the frame is replaced. ---

// They begin where the caller made the frame; what they need comes along.
void Lowering::leave_second_frame(const Operand* first, uint32_t slots) {
  if (!is_wide_) return;
  emitter_.emit(environment_.handlers.wide_shrink,
                Emitter::pack(SlotsOffset{static_cast<uint16_t>(slot_at(first)), static_cast<uint16_t>(slots),
                                          second_frame_}));
  emitter_.forget();
}

Cell Lowering::return_call_word(const CanonType& type, Operand* arguments) {
  // The callee's frame begins where this one does; its own entry checks that it fits.
  return Emitter::pack(Slots{static_cast<uint16_t>(slot_at(arguments)),
                             static_cast<uint16_t>(type.param_slots), static_cast<uint16_t>(header_), 0});
}

void Lowering::return_call(uint32_t func, const CanonType& type, Operand* arguments) {
  materialize(arguments, static_cast<uint32_t>(type.func.params.size()));
  leave_second_frame(arguments, type.param_slots);
  if (func < state_->module->module.imported_funcs) {
    emitter_.emit(environment_.handlers.return_call_import, environment_.layout.imported_funcs + func * 8);
  } else {
    abi::FuncCode* code = &environment_.codes[func - state_->module->module.imported_funcs];
    emitter_.emit(environment_.handlers.return_call, reinterpret_cast<Cell>(code));
  }
  emitter_.word(return_call_word(type, arguments));
  emitter_.seal();
  end_segment();
}

void Lowering::return_call_indirect(const Instruction& instruction, const CanonType& type,
                                    Operand* arguments) {
  const auto params = static_cast<uint32_t>(type.func.params.size());
  materialize(arguments, params + 1);
  leave_second_frame(arguments, type.param_slots + 1);
  emit_indirect(instruction, type, &arguments[params], return_call_word(type, arguments), true);
  emitter_.seal();
  end_segment();
}

void Lowering::return_call_ref(const Instruction&, const CanonType& type, Operand* arguments) {
  const auto params = static_cast<uint32_t>(type.func.params.size());
  Operand& callee = arguments[params];
  materialize(arguments, params);
  emitter_.materialize(&callee.value, callee.type);
  leave_second_frame(arguments, type.param_slots + 1);
  emitter_.emit(environment_.handlers.return_call_ref,
                Emitter::pack(Slots{static_cast<uint16_t>(callee.value.slot), 0, 0, 0}));
  emitter_.word(return_call_word(type, arguments));
  emitter_.seal();
  end_segment();
}

}  // namespace wherry::lower
