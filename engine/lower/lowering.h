#pragma once

#include <span>

#include "engine/lower/emitter.h"
#include "engine/lower/lower.h"
#include "engine/lower/value.h"
#include "engine/validate/function_state.h"

namespace wherry::lower {

// A branch waiting for its label, in a list through Lowering's pool; with the base kNone the catch clause of number
// `field`.
struct PendingPatch {
  Emitter::Patch patch;
  uint32_t next = Emitter::kNone;
};

// That a local was written, and when: for finding those that nobody reads before.
struct AssignedLocal {
  uint32_t local;
  uint32_t time;
};

struct Label {
  uint32_t patches = Emitter::kNone;    // Branches to the end, by index in the pool.
  uint32_t position = 0;                // Of a loop; of a try_table, the catch scope around it.
  uint32_t otherwise = Emitter::kNone;  // The branch of an `if` to its `else` or end.
  uint32_t table = Emitter::kNone;      // The br_table that made `stub` last.
  uint32_t stub = 0;
  uint32_t first = 0;          // Of a loop: its first instruction, by number.
  uint32_t begun = 0;          // When an `if` began, and...
  uint32_t branched = kNever;  // ...when somebody first branched to the end, by Lowering::assigned_time_.
  static constexpr uint32_t kNever = ~uint32_t{0};
};

// The sink that turns validation into lowering: the validator's operand stack is the symbolic stack. One object
// serves one function at a time.
//
// Rules that keep merges sound: at every label all values that survive it are in their own slots; so a block's
// start materialises what is pending below it (locals and sums; constants may stay, both ways agree on them), a
// branch moves its values into the target's slots, and a label that somebody branches to forgets the
// accumulators. A value that one way of a conditional branch still reads from its slot keeps its store.
class Lowering {
 public:
  using Value = lower::Value;
  using Label = lower::Label;
  using Operand = validate::Operand<Lowering>;
  using Control = validate::Control<Lowering>;
  using State = validate::FunctionState<Lowering>;
  using Instruction = wasm::Instruction;
  using CanonType = wasm::CanonType;

  struct Memory {
    base::Vector<LocalPlace> places;
    base::Vector<PendingPatch> patches;
    base::Vector<uint64_t> counts;
    base::Vector<Emitter::Position> positions;
    base::Vector<VectorBits> vectors;
    base::Vector<uint32_t> pairs;
    base::Vector<uint32_t> starts;
    base::Vector<uint8_t> assigned;
    base::Vector<AssignedLocal> assigned_log;
  };

  Lowering(const Environment& environment, Memory* memory, SlotCode* out, bool with_positions);

  bool failed() const { return emitter_.failed(); }
  base::Error take_error();

  void begin(State& state);
  void finish();
  void step(wasm::Op op, uint64_t offset) {
    offset_ = offset;
    if (notes_steps_) [[unlikely]]
      note_step(op);
  }

  void simple(const Instruction& instruction, Operand* operands);
  void constant(const Instruction& instruction, Operand* operand) {
    const bool is_64 = instruction.op == wasm::Op::I64Const;
    put_constant(operand,
                 Value::constant(0, is_64 ? instruction.value : static_cast<uint32_t>(instruction.value)));
  }
  void unary(const Instruction& instruction, Operand* operand);
  void binary(const Instruction& instruction, Operand* operands);
  void memory_access(const Instruction& instruction, const wasm::MemoryType& type, Operand* operands);
  // The commonest instruction: what is seldom met is behind calls that nothing comes after, so that it needs no frame.
  [[gnu::always_inline]] void local_get(uint32_t index, Operand* result) {
    const uint32_t at = state_->operand_count;  // That of `result`.
    if (assigned_[index] == 0 || !has_plain_locals_ || at < settled_ || at - settled_ > kMostPending)
        [[unlikely]] {
      return local_get_other(index, result);
    }
    put_constant(result, Value::of_local(0, index));
  }
  void local_set(uint32_t index, Operand* operand);
  void local_tee(uint32_t index, Operand* operand);
  void global_get(uint32_t index, Operand* result);
  void global_set(uint32_t index, Operand* operand);
  void drop(Operand*) {}
  void select(wasm::ValType type, Operand* operands);

  void block(Control& control, Operand* params);
  void loop(Control& control, Operand* params);
  void if_(Control& control, Operand* params, Operand* condition);
  void try_table(const Instruction& instruction, Control& control, Operand* params);
  void else_(Control& control, Operand* operands, bool falls_through);
  void end(Control& control, Operand* operands, bool falls_through);
  void br(uint32_t depth, Control& target, Operand* values);
  void br_if(uint32_t depth, Control& target, Operand* values);
  void br_table(const Instruction& instruction, uint32_t arity, Operand* values);
  void return_(Control& body, Operand* values);
  void unreachable();

  void call(uint32_t func, const CanonType& type, Operand* arguments);
  void call_indirect(const Instruction& instruction, const CanonType& type, Operand* arguments);
  void call_ref(const Instruction& instruction, const CanonType& type, Operand* arguments);
  void return_call(uint32_t func, const CanonType& type, Operand* arguments);
  void return_call_indirect(const Instruction& instruction, const CanonType& type, Operand* arguments);
  void return_call_ref(const Instruction& instruction, const CanonType& type, Operand* arguments);

  void ref_null(wasm::HeapType heap, Operand* result);
  void ref_func(uint32_t func, Operand* result);
  void ref_is_null(Operand* operand);
  void ref_as_non_null(Operand* operand);
  void br_on_null(uint32_t depth, Control& target, Operand* values);
  void br_on_non_null(uint32_t depth, Control& target, Operand* values);
  void bulk(const Instruction& instruction, Operand* operands, uint32_t params, uint32_t results);
  void special(const Instruction& instruction, Operand* operands, uint32_t params, uint32_t results);
  void br_on_cast(const Instruction& instruction, wasm::ValType source, wasm::ValType target_type,
                  Control& target, Operand* values);

 private:
  static constexpr uint32_t kNone = Emitter::kNone;
  // Parameters and locals of one slot each always fit below this, with 14,000 slots left for temporaries. Only vectors
  // pass it: such a wide function runs in a second frame behind its locals.
  static constexpr uint32_t kMostNearLocalSlots = 51'200;
  static constexpr uint32_t kMostAlignedLocalSlots = 4096;
  static constexpr uint32_t kLastSlot = 0xffff;
  // More pending values than this are materialised, which bounds the search for those that read a local.
  static constexpr uint32_t kMostPending = 256;

  void fail(wasm::ErrorCode code, std::string_view detail = {});
  [[gnu::noinline]] void note_step(wasm::Op op);
  void cannot_run(wasm::Op op);

  uint32_t index_of(const Operand* operand) const {
    return static_cast<uint32_t>(operand - state_->operands);
  }
  // The slot of a stack position, from what lies below it.
  uint32_t slot_at(const Operand* operand) const {
    if (operand == state_->operands) return first_temp_;
    const Operand& below = operand[-1];
    return below.value.slot + wasm::slots_of(below.type);
  }
  uint32_t slot_at(uint32_t index) const { return slot_at(state_->operands + index); }
  void reach(uint32_t slot) {
    if (slot > last_reached_) last_reached_ = slot;
  }
  // Writes `values` as temporaries of the given types.
  void put_temps(Operand* operands, std::span<const wasm::ValType> types);
  // A local or sum that is computed when it is used, or a constant.
  void put_pending(Operand* operand, Value value) {
    put_constant(operand, value);
    const uint32_t index = index_of(operand);
    if (index < settled_) settled_ = index;
    if (index - settled_ > kMostPending) [[unlikely]]
      settle_pending(index);
  }
  void put_constant(Operand* operand, Value value) {
    value.slot = slot_at(operand);
    reach(value.slot);
    operand->value = value;
  }
  [[gnu::noinline]] void local_get_other(uint32_t index, Operand* result);
  void put_temp(Operand* operand) {
    operand->value = Value::temp(slot_at(operand));
    reach(operand->value.slot);
  }
  bool is_far(uint32_t local) const { return is_wide_ && memory_->places[local].slot > kLastSlot; }
  // Clearing works in groups of four, so the frame has room behind its last local.
  uint32_t locals_end() const { return out_->zero_begin + ((out_->zero_count + 3) & ~3u); }

  void place_locals();
  void begin_assigned();
  void clear_at_entry(uint32_t local);
  void note_assigned(uint32_t local);
  void forget_assigned_since(uint32_t time);
  void enter_second_frame();
  void leave_second_frame(const Operand* first, uint32_t slots);
  void materialize(Operand* operands, uint32_t count);
  void settle_pending(uint32_t count);
  void flush_readers(uint32_t local, uint32_t count);
  bool only_locals_pending(uint32_t first, uint32_t count) const;
  void settle_quietly(uint32_t first, uint32_t count);

  bool is_body(const Control& target) const { return &target == state_->controls; }
  uint32_t target_slot(const Control& target) const { return slot_at(target.height); }
  bool in_place(const Control& target, const Operand* values, uint32_t count) const;
  void move_to_target(const Control& target, Operand* values, uint32_t count);
  void link(Control& target, Emitter::Patch patch);
  void jump(Control& target, Operand* values);
  bool dispatch_again(const Control& loop);
  void bind(Label& label);
  template <class Branch>
  void branch_conditionally(Control& target, Operand* values, uint32_t count, Branch branch);
  uint32_t table_entry(Control& target, Operand* values, uint32_t arity, uint32_t table, bool* forward);

  Cell call_word(const CanonType& type, uint32_t base);
  void after_call(const CanonType& type, Operand* arguments);
  void emit_indirect(const Instruction& instruction, const CanonType& type, Operand* index, Cell last,
                     bool tail);
  void other(const Instruction& instruction, Operand* operands, uint32_t params);
  void canonicalize_nan(wasm::Op op, uint32_t slot);
  void atomic_access(const Instruction& instruction, Operand* operands);
  void vector(const Instruction& instruction, Operand* operands);
  void vector_access(const Instruction& instruction, Operand* operands);
  void vector_access_any(const Instruction& instruction, Operand* operands);
  void move_far(uint32_t from, uint32_t to, wasm::ValType type);
  Cell return_call_word(const CanonType& type, Operand* arguments);

  static uint32_t cast_row(const CastTarget& target) {
    return target.kind == CastKind::Final ? 0 : target.kind == CastKind::Open ? 1 : 2;
  }
  CastTarget cast_target(wasm::HeapType heap, bool nullable) const;
  uint16_t live_slots(const Operand* end) const;
  void put_result(Operand* operand, wasm::ValType type, uint32_t to);
  void wrote_vector(uint32_t slot);
  void cast(const Instruction& instruction, Operand* operand);
  void struct_get(const Instruction& instruction, Operand* operand);
  void struct_set(const Instruction& instruction, Operand* operands);
  bool gather_fields(const CanonType& type, Operand* operands);
  void struct_new(const Instruction& instruction, Operand* operands);
  void array_get(const Instruction& instruction, Operand* operands);
  void array_set(const Instruction& instruction, Operand* operands);
  void array_new(const Instruction& instruction, Operand* operands, uint32_t params);
  void array_bulk(const Instruction& instruction, Operand* operands, uint32_t params);
  void plain_object(const Instruction& instruction, const Handler* block, Operand* operand,
                    wasm::ValType result);
  void add_clause(const wasm::CatchClause& clause);
  void note_throwing();
  void throw_(const Instruction& instruction, Operand* operands, uint32_t params);

  void observe(abi::Moment moment, uint32_t slot);
  void finish_code();
  void look_at_deadline();
  void begin_segment();
  void end_segment();
  void drop_free_segment();

  const Environment& environment_;
  Memory* memory_;
  SlotCode* out_;
  Emitter emitter_;
  State* state_ = nullptr;
  bool with_positions_;
  bool notes_steps_;     // Somebody asks for positions, fuel or a trace.
  bool failed_ = false;  // `error_` is set; emitter_.failed() is true then too.
  bool is_wide_ = false;
  uint32_t second_frame_ = 0;      // Of a wide function: from the first one, in slots.
  bool has_plain_locals_ = false;  // No local is beyond the reach of operands.
  base::Error error_{};
  uint64_t offset_ = 0;
  uint32_t header_ = 0;
  uint32_t first_temp_ = 0;
  uint32_t last_reached_ = 0;     // Highest slot in use as a temporary.
  uint32_t settled_ = 0;          // Below this index of the operand stack nothing is pending.
  uint32_t catch_scope_ = kNone;  // The innermost one here.
  // Which locals have been written on every way to here, or need not have been.
  uint8_t* assigned_ = nullptr;
  uint32_t assigned_time_ = 0;
  uint32_t clear_begin_ = kNone;  // Slots to clear at entry.
  uint32_t clear_end_ = 0;
  uint32_t fuel_cell_ = kNone;
  uint64_t fuel_ = 0;
  uint64_t body_bytes_ = 0;
};

}  // namespace wherry::lower
