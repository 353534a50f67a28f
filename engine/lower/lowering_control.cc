// Blocks and branches.
//
// Operands of a block's label live in consecutive slots from the block's height on, so a branch moves its values
// there (mostly they are there already) and nothing is to be merged at the label. Several values move by one
// instruction: the number of instructions emitted for a branch does not grow with what it carries, which keeps the
// code linear in the body.
#include "engine/lower/lowering.h"

#include <bit>

#include "engine/wasm/errors.h"

namespace wherry::lower {

using wasm::ErrorCode;
using wasm::Op;

namespace {
constexpr uint32_t kMostSingleMoves = 4;
constexpr uint32_t kTableBehind = 2;  // From a br_table to its own table, in words.
}  // namespace

// --- Segments of fuel ---

void Lowering::begin_segment() {
  if (!environment_.options.fuel) return;
  end_segment();
  fuel_cell_ = emitter_.emit(environment_.handlers.fuel, 0);
  emitter_.seal();
  fuel_ = 0;
}

void Lowering::end_segment() {
  if (fuel_cell_ != kNone && !failed()) out_->cells[fuel_cell_ + 1] = fuel_;
  fuel_cell_ = kNone;
}

// A segment that ends before it has cost anything or emitted code (between the ends of two blocks) needs no cell. Called
// before the next one's label is placed.
void Lowering::drop_free_segment() {
  if (fuel_cell_ == kNone || fuel_ != 0 || emitter_.size() != fuel_cell_ + 2 || failed()) return;
  emitter_.drop_from(fuel_cell_);
  fuel_cell_ = kNone;
}

// --- Deadlines ---

// Fuel has the meter for itself, and a profile wants to know when each look is. Otherwise a look costs more in a long function, so that the
// same amount of code runs between two that really look at the clock, whatever its loops are like.
void Lowering::look_at_deadline() {
  const Options& options = environment_.options;
  if (!options.interruption) return;
  if (options.fuel || options.pause_at_returns) {
    emitter_.emit(environment_.handlers.interrupt, 0);
  } else {
    emitter_.emit(environment_.handlers.look, 1 + body_bytes_ / kBytesPerLook);
  }
}

// --- Labels ---

void Lowering::link(Control& target, Emitter::Patch patch) {
  Label& label = target.label;
  if (target.op == Op::Loop) return emitter_.patch(patch, label.position);
  if (label.branched == Label::kNever) label.branched = assigned_time_;
  if (!memory_->patches.push_back({patch, label.patches})) return fail(ErrorCode::OutOfMemory);
  label.patches = static_cast<uint32_t>(memory_->patches.size()) - 1;
}

void Lowering::bind(Label& label) {
  drop_free_segment();
  for (uint32_t i = label.patches; i != kNone; i = memory_->patches[i].next) {
    const Emitter::Patch patch = memory_->patches[i].patch;
    if (patch.base == kNone) {
      out_->catch_clauses[patch.field].target = emitter_.size();  // forget() below says that it is a label.
    } else {
      emitter_.patch(patch, emitter_.size());
    }
  }
  if (label.otherwise != kNone) {
    emitter_.patch(memory_->patches[label.otherwise].patch, emitter_.size());
    label.otherwise = kNone;
  }
  label.patches = kNone;
  emitter_.forget();
}

bool Lowering::in_place(const Control& target, const Operand* values, uint32_t count) const {
  if (count == 0) return true;
  if (slot_at(values) != target_slot(target)) return false;
  for (uint32_t i = 0; i < count; ++i) {
    if (!values[i].value.is_temp()) return false;
  }
  return true;
}

// Targets lie below their sources, so ascending order never overwrites what is still to be read.
void Lowering::move_to_target(const Control& target, Operand* values, uint32_t count) {
  if (in_place(target, values, count)) return;
  uint32_t to = target_slot(target);
  const uint32_t slots = slot_at(values + count) - slot_at(values);
  if (count <= kMostSingleMoves) {
    for (uint32_t i = 0; i < count; ++i) {
      emitter_.copy(values[i].value, values[i].type, to);
      to += wasm::slots_of(values[i].type);
    }
    return;
  }
  materialize(values, count);
  const uint32_t from = values[0].value.slot;
  if (from == to) return;
  emitter_.emit(environment_.handlers.move_up,
                Emitter::pack(Slots{static_cast<uint16_t>(from), static_cast<uint16_t>(slots),
                                    static_cast<uint16_t>(to), 0}));
  emitter_.forget();
}

void Lowering::jump(Control& target, Operand* values) {
  if (is_body(target)) return return_(target, values);
  move_to_target(target, values, static_cast<uint32_t>(target.label_types().size()));
  if (target.op == Op::Loop && dispatch_again(target)) return;
  link(target, emitter_.branch());
}

// A branch back to a loop that begins by looking up where to go on: an interpreter's switch, or the state machine that Go
// makes of a function. The look-up stands here instead, with the same table: one dispatch less, and the processor guesses for
// each place by itself. Where the state is a constant, the branch goes to its code at once. True: that was emitted.
bool Lowering::dispatch_again(const Control& loop) {
  if (!environment_.options.repeated_dispatch) return false;
  const uint32_t first = loop.label.first;
  const uint32_t count = emitter_.dispatch_at(first);
  if (count == kNone) return false;
  // Without instructions before the br_table and parameters, it branches with no values.
  const Emitter::Patch entry =
      count == 0 && loop.params().empty() ? emitter_.chosen_entry(first) : Emitter::Patch{};
  if (entry.base == kNone) {
    emitter_.repeat_dispatch(first, count);
    return true;
  }
  uint32_t waiting;
  if (emitter_.is_marked(entry, &waiting)) {
    link(state_->controls[waiting], emitter_.branch());
  } else {
    const uint32_t position = emitter_.position_in(entry);
    emitter_.patch(emitter_.branch(), position);
  }
  return true;
}

// --- Blocks ---

bool Lowering::only_locals_pending(uint32_t first, uint32_t count) const {
  for (uint32_t i = first; i < count; ++i) {
    if (state_->operands[i].value.kind == Value::Kind::Sum) return false;
  }
  return true;
}

void Lowering::settle_quietly(uint32_t first, uint32_t count) {
  for (uint32_t i = first; i < count; ++i) {
    Operand& operand = state_->operands[i];
    if (operand.value.kind == Value::Kind::Local) emitter_.materialize_quietly(&operand.value, operand.type);
  }
  if (settled_ < count) settled_ = count;
}

void Lowering::block(Control& control, Operand* params) {
  settle_pending(index_of(params) + static_cast<uint32_t>(control.params().size()));
  control.label = Label{};
}

void Lowering::loop(Control& control, Operand* params) {
  const auto count = static_cast<uint32_t>(control.params().size());
  settle_pending(index_of(params) + count);
  materialize(params, count);
  control.label = Label{};
  emitter_.forget();
  drop_free_segment();
  control.label.position = emitter_.size();
  control.label.first = emitter_.instructions();
  look_at_deadline();
  begin_segment();
}

void Lowering::if_(Control& control, Operand* params, Operand* condition) {
  const auto count = static_cast<uint32_t>(control.params().size());
  const uint32_t below = index_of(condition);
  control.label = Label{};
  bool quiet = only_locals_pending(settled_, below);
  for (uint32_t i = 0; i < count; ++i) quiet = quiet && !params[i].value.is_const();
  if (!quiet) {
    settle_pending(below);
    materialize(params, count);
  }
  const Emitter::Condition taken = emitter_.take_condition(condition->value);
  settle_quietly(settled_, below);
  const Emitter::Patch patch = emitter_.branch_on(taken, false);
  if (!memory_->patches.push_back({patch, kNone})) return fail(ErrorCode::OutOfMemory);
  control.label.otherwise = static_cast<uint32_t>(memory_->patches.size()) - 1;
  control.label.begun = assigned_time_;
  if (count != 0) emitter_.forget_producers();  // The other arm reads the parameters from their slots.
  begin_segment();
}

void Lowering::else_(Control& control, Operand* operands, bool falls_through) {
  if (falls_through) {
    materialize(operands, static_cast<uint32_t>(control.results().size()));
    link(control, emitter_.branch());
  }
  forget_assigned_since(control.label.begun);
  emitter_.patch(memory_->patches[control.label.otherwise].patch, emitter_.size());
  control.label.otherwise = kNone;
  emitter_.forget();
  put_temps(operands, control.params());
  if (settled_ > index_of(operands)) settled_ = index_of(operands);
  begin_segment();
}

void Lowering::end(Control& control, Operand* operands, bool falls_through) {
  const auto count = static_cast<uint32_t>(control.results().size());
  if (control.op == Op::TryTable) catch_scope_ = control.label.position;
  const bool is_target =
      control.op != Op::Loop && (control.label.patches != kNone || control.label.otherwise != kNone);
  const bool body = is_body(control);
  if (is_target) {
    if (falls_through) materialize(operands, count);
    forget_assigned_since(control.label.otherwise != kNone ? control.label.begun : control.label.branched);
    bind(control.label);
    put_temps(operands, control.results());
    begin_segment();
  } else if (!falls_through) {
    emitter_.forget();
    put_temps(operands, control.results());
  }
  if (body && (is_target || falls_through)) return_(control, operands);
}

// --- Branches ---

void Lowering::br(uint32_t, Control& target, Operand* values) {
  jump(target, values);
  end_segment();
}

// `branch(sense)` emits the test: a branch taken when the condition is `sense`. The values stay for the code behind.
template <class Branch>
void Lowering::branch_conditionally(Control& target, Operand* values, uint32_t count, Branch branch) {
  if (in_place(target, values, count)) {
    link(target, branch(true));
  } else {
    const Emitter::Patch over = branch(false);
    emitter_.forget_producers();
    move_to_target(target, values, count);
    link(target, emitter_.branch());
    emitter_.patch(over, emitter_.size());
    emitter_.forget_vector();
  }
  if (count != 0) emitter_.forget_producers();
  begin_segment();
}

void Lowering::br_if(uint32_t, Control& target, Operand* values) {
  const auto count = static_cast<uint32_t>(target.label_types().size());
  Operand& condition = values[count];
  const uint32_t first = index_of(values);
  bool quiet = only_locals_pending(first, first + count);
  for (uint32_t i = 0; i < count; ++i) quiet = quiet && !values[i].value.is_const();
  if (!quiet) materialize(values, count);
  const Emitter::Condition taken = emitter_.take_condition(condition.value);
  for (uint32_t i = 0; i < count; ++i) {
    if (values[i].value.kind == Value::Kind::Local)
      emitter_.materialize_quietly(&values[i].value, values[i].type);
  }
  branch_conditionally(target, values, count, [&](bool sense) { return emitter_.branch_on(taken, sense); });
}

void Lowering::br_on_null(uint32_t, Control& target, Operand* values) {
  const auto count = static_cast<uint32_t>(target.label_types().size());
  Operand& reference = values[count];
  materialize(values, count);
  if (reference.value.is_const()) emitter_.materialize(&reference.value, reference.type);
  const Value tested = reference.value;
  branch_conditionally(target, values, count,
                       [&](bool sense) { return emitter_.branch_null(tested, sense); });
  emitter_.forget_producers();
}

void Lowering::br_on_non_null(uint32_t, Control& target, Operand* values) {
  const auto count = static_cast<uint32_t>(target.label_types().size());
  materialize(values, count);
  const Value tested = values[count - 1].value;
  branch_conditionally(target, values, count,
                       [&](bool sense) { return emitter_.branch_null(tested, !sense); });
}

// The reference is passed on either way.
void Lowering::br_on_cast(const Instruction& instruction, wasm::ValType, wasm::ValType target_type,
                          Control& target, Operand* values) {
  const auto count = static_cast<uint32_t>(target.label_types().size());
  const CastTarget wanted = cast_target(target_type.heap(), target_type.nullable());
  const uint32_t which = cast_row(wanted);
  const bool taken_if = instruction.op == Op::BrOnCast;
  materialize(values, count);
  const Value tested = values[count - 1].value;
  branch_conditionally(target, values, count, [&](bool sense) {
    return emitter_.branch_on_reference(environment_.handlers.branch_cast[sense == taken_if][which], tested,
                                        std::bit_cast<Cell>(wanted));
  });
  emitter_.forget_producers();
}

// The position that the table's entry for `target` leads to: the loop's start, or a stub that moves the values.
uint32_t Lowering::table_entry(Control& target, Operand* values, uint32_t arity, uint32_t table,
                               bool* forward) {
  *forward = false;
  if (in_place(target, values, arity)) {
    if (target.op == Op::Loop) return target.label.position;
    *forward = true;
    return 0;
  }
  if (target.label.table != table) {
    target.label.table = table;
    target.label.stub = emitter_.size();
    move_to_target(target, values, arity);
    link(target, emitter_.branch());
    emitter_.forget();
  }
  return target.label.stub;
}

void Lowering::br_table(const Instruction& instruction, uint32_t arity, Operand* values) {
  Operand& index = values[arity];
  materialize(values, arity);
  if (!index.value.is_temp() && index.value.kind != Value::Kind::Local) {
    emitter_.materialize(&index.value, index.type);
  }
  // From its slot it can always be read: nobody has consumed it.
  Handler handler = environment_.handlers.br_table[static_cast<uint32_t>(From::Slot)];
  Emitter::Source from = emitter_.source(index.value, wasm::kI32);
  if (environment_.options.branch_table_index) {
    from = emitter_.pick_one(environment_.handlers.br_table, 1, index.value, wasm::kI32, &handler);
  }
  const uint32_t table = emitter_.emit(handler, Emitter::pack(SlotsBranch{from.slot, 0, kTableBehind}));
  emitter_.word(instruction.count);
  for (uint64_t i = 0; i < (uint64_t{instruction.count} + 1) / 2; ++i) emitter_.word(0);
  emitter_.forget();
  if (failed()) return;
  const uint32_t base = table + kTableBehind;
  wasm::LabelList labels(instruction);
  for (uint64_t i = 0; i <= instruction.count; ++i) {
    Control& target = state_->target(labels.next());
    const Emitter::Patch entry{base, base * 2 + 1 + static_cast<uint32_t>(i)};
    bool forward;
    const uint32_t position = table_entry(target, values, arity, table, &forward);
    if (failed()) return;
    if (forward) {
      emitter_.mark(entry, static_cast<uint32_t>(&target - state_->controls));
      link(target, entry);
    } else {
      emitter_.patch(entry, position);
    }
  }
  end_segment();
}

void Lowering::return_(Control& body, Operand* values) {
  const auto count = static_cast<uint32_t>(body.results().size());
  const HandlerTable& handlers = environment_.handlers;
  const auto header = static_cast<uint16_t>(header_);
  if (environment_.options.observe_calls) {
    materialize(values, count);
    emitter_.forget_producers();  // They are read from their slots.
    observe(abi::Moment::Return, slot_at(values));
  }
  if (environment_.options.pause_at_returns) {
    emitter_.seal();
    emitter_.emit(handlers.interrupt, 0);
  }
  if (count == 0) {
    emitter_.return_none(header_);
  } else if (count == 1 && values[0].type == wasm::kV128) {
    emitter_.return_vector(values[0].value, header_);
  } else if (count == 1) {
    emitter_.return_one(values[0].value, values[0].type, header);
  } else {
    materialize(values, count);
    const uint32_t first = values[0].value.slot;
    const auto slots = static_cast<uint16_t>(slot_at(values + count) - first);
    emitter_.emit(handlers.return_many, Emitter::pack(Slots{static_cast<uint16_t>(first), slots, 0, header}));
  }
  emitter_.seal();
  end_segment();
}

void Lowering::unreachable() {
  emitter_.emit(environment_.handlers.unreachable, 0);
  emitter_.seal();
  end_segment();
}

}  // namespace wherry::lower
