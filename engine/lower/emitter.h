#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>

#include "engine/abi/observe.h"
#include "engine/base/vector.h"
#include "engine/lower/handler_table.h"
#include "engine/lower/op_types.h"
#include "engine/lower/options.h"
#include "engine/lower/pinned.h"

namespace wherry::lower {

// Where the function's locals live.
struct LocalPlace {
  uint32_t slot = 0;
  wasm::ValType type;
  From pin = From::Slot;  // The register that mirrors it, if one does.
};

// Writes instructions, and knows what the accumulators hold and which instruction may still be changed.
//
// An instruction that made a value and can be re-targeted is a Producer. Two things happen to producers later:
// when their temporary is consumed from the accumulator, the store to its slot is dropped (To::Acc); and when the
// next thing is local.set, they write the local instead. Both rewrite the handler's address in place, by looking
// it up again for the same operands and another destination.
//
// Running out of memory sticks: see failed().
class Emitter {
 public:
  static constexpr uint32_t kNone = ~uint32_t{0};

  // An operand as the next instruction would read it.
  struct Source {
    From from = From::Slot;
    uint16_t slot = 0;
    bool from_producer = false;  // A Temp in an accumulator: consuming it there may drop its store.
    Domain domain = Domain::Int;
    uint64_t constant = 0;
  };

  // A branch distance to be filled in: a 32-bit field, counted in halves of words, of the instruction at `base`.
  struct Patch {
    uint32_t base = kNone;
    uint32_t field = 0;
  };

  struct Position {
    uint32_t word;
    uint32_t offset;  // In the body's file.
  };

  Emitter(const HandlerTable& handlers, const Options& options, base::Vector<Cell>* code)
      : handlers_(handlers), options_(options), code_(*code) {}

  // `vectors` takes the constants of the function.
  void begin(LocalPlace* locals, const PinnedLocals& pinned, base::Vector<VectorBits>* vectors);

  bool failed() const { return failed_; }
  void set_failed() { failed_ = true; }
  uint32_t size() const { return size_; }
  const HandlerTable& handlers() const { return handlers_; }
  // When positions are recorded, each instruction emitted from now on belongs to the Wasm instruction at `offset`.
  void set_offset(uint32_t offset) { offset_ = offset; }
  void record_positions(base::Vector<Position>* positions) { positions_ = positions; }
  // Where instructions begin. Must be given before the first one.
  void record_starts(base::Vector<uint32_t>* starts) { starts_ = starts; }
  // Gives code and starts their sizes: until then they have room for more.
  void finish() {
    if (failed_) return;
    code_.truncate(size_);
    starts_->truncate(start_count_);
  }

  // Takes out what was emitted from a position on: nothing jumps behind it, and no value was made there.
  void drop_from(uint32_t position);

  // --- State of the accumulators ---

  // A label: control may arrive from elsewhere, nothing is known.
  void forget() {
    for (Accumulator& accumulator : accumulators_) accumulator.slot = kNone;
    seal();
    labelled_ = size();
  }
  // Values must stay in their slots from here on (something else reads them there), registers stay known.
  void forget_producers() {
    for (Accumulator& accumulator : accumulators_) accumulator.by_to = nullptr;
    seal();
  }
  // Moves that only a taken branch makes went through the vectors' accumulator: behind them it holds what it held before.
  void forget_vector() { accumulator(Domain::Vector).slot = kNone; }
  // The last instruction can no longer be changed.
  void seal() { last_.form = Form::None; }
  // A call or another instruction that leaves nothing in the accumulators but, perhaps, `slot`'s integer.
  void clobbered_except_int(uint32_t slot) {
    forget();
    accumulator(Domain::Int) = {held(slot), 0, nullptr};
  }

  // Something wrote the slot and left the accumulators alone.
  void overwritten(uint32_t slot) {
    for (Accumulator& accumulator : accumulators_) {
      if (accumulator.slot == slot) accumulator.slot = kNone;
    }
    Accumulator& vector = accumulator(Domain::Vector);  // In two slots.
    if (vector.slot + 1 == slot) vector.slot = kNone;
  }

  Source source(const Value& value, Domain domain) const {
    Source source;
    source.domain = domain;
    if (value.is_const()) {
      source.from = From::Const;
      source.constant = value.bits;
      return source;
    }
    uint32_t slot = value.slot;
    if (value.kind == Value::Kind::Local) {
      const uint32_t local = value.local();
      slot = locals_[local].slot;
      source.from = locals_[local].pin;
      if (source.from == From::Slot && accumulator(domain).slot == slot) source.from = From::Acc;
    } else if (accumulator(domain).slot == slot) {
      source.from = From::Acc;
      source.from_producer = true;
    }
    source.slot = static_cast<uint16_t>(slot);
    return source;
  }
  Source source(const Value& value, wasm::ValType type) const { return source(value, domain_of(type)); }

  // --- Instructions. Slots and values are those of the operands; `to` is the slot of the result's position. ---

  void binary(wasm::Op op, Value a, Value b, uint32_t to);
  void unary(wasm::Op op, const Value& a, uint32_t to);
  void load(wasm::Op op, const Value& address, uint32_t offset, uint32_t to);
  void store(wasm::Op op, const Value& address, const Value& value, uint32_t offset);
  void select(wasm::ValType type, Value a, Value b, Value condition, uint32_t to);
  void global_get(wasm::ValType type, bool imported, uint32_t context_offset, uint32_t to);
  void global_set(wasm::ValType type, bool imported, uint32_t context_offset, const Value& value);
  // Makes the value's slot hold it. Afterwards it is a Temp.
  void materialize(Value* value, wasm::ValType type) {
    if (!value->is_temp()) *value = compute(*value, type);
  }
  // The same for a Local, leaving the accumulators of scalars as they are.
  void materialize_quietly(Value* value, wasm::ValType type);
  void copy(const Value& value, wasm::ValType type, uint32_t to);
  // 8 bytes between any two slots; leaves the accumulators as they are.
  void move_wide(uint32_t from, uint32_t to);
  void set_local(uint32_t local, Value value);
  void return_one(const Value& value, wasm::ValType type, uint32_t header);
  void return_none(uint32_t header) {
    emit(handlers_.return_none[header_form(header)], pack(Slots{0, 0, 0, static_cast<uint16_t>(header)}));
  }

  // --- Vectors (emitter_vector.cc). Instructions by shape; see vector_code.h. ---

  // The constant as a Value, not yet anywhere.
  Value vector_constant(VectorBits bits);
  void vector_binary(wasm::Op op, Value a, Value b, uint32_t to);
  void vector_unary(wasm::Op op, Value a, uint32_t to);
  void vector_ternary(wasm::Op op, Value a, Value b, Value c, uint32_t to);
  void vector_shift(wasm::Op op, Value a, Value count, uint32_t to);
  void vector_test(wasm::Op op, Value a, uint32_t to);
  void vector_extract(wasm::Op op, Value a, uint32_t lane, uint32_t to);
  void vector_replace(wasm::Op op, Value a, Value scalar, uint32_t lane, uint32_t to);
  void vector_splat(wasm::Op op, Value scalar, uint32_t to);
  void vector_shuffle(Value a, Value b, VectorBits lanes, uint32_t to);
  void vector_select(Value a, Value b, Value condition, uint32_t to);
  void vector_global_get(bool imported, uint32_t context_offset, uint32_t to);
  void vector_global_set(bool imported, uint32_t context_offset, Value value);
  void vector_load(wasm::Op op, const Value& address, uint32_t offset, uint32_t to);
  void vector_store(const Value& address, Value value, uint32_t offset);
  void vector_load_lane(wasm::Op op, Value address, Value vector, uint32_t offset, uint32_t lane,
                        uint32_t to);
  void vector_store_lane(wasm::Op op, Value address, Value vector, uint32_t offset, uint32_t lane);
  void return_vector(Value value, uint32_t header);

  // --- Objects: `block` is the row of the handler table that fits. `e` and `extra` are as that says.

  // [a][to].
  void produce(const Handler* block, wasm::Op op, Value a, wasm::ValType type, uint16_t e, Domain result,
               uint32_t to, const Cell* extra = nullptr);
  // [a][b][to].
  void produce(const Handler* block, wasm::Op op, Value a, Value b, wasm::ValType type, wasm::ValType second,
               Domain result, uint32_t to);
  // [to].
  void produce(const Handler* block, wasm::Op op, Slots slots, Cell extra, std::span<const uint32_t> pairs);
  // [a][value], [a][b][value].
  void put_field(const Handler* block, Value a, wasm::ValType type, Value value, wasm::ValType field,
                 uint16_t e);
  void put_element(const Handler* block, Value a, wasm::ValType type, Value index, Value value,
                   wasm::ValType element);
  // [a]: looks at a reference, which stays what it is.
  void check_reference(const Handler* by_from, const Value& reference, Cell extra);
  Patch branch_on_reference(const Handler* by_from, const Value& reference, Cell extra);
  // Where a value that is neither a constant nor a sum can be read.
  uint32_t slot_of(const Value& value) const {
    return value.kind == Value::Kind::Local ? locals_[value.local()].slot : value.slot;
  }

  // What a conditional branch will test. Taking it lifts a comparison that was just emitted out of the code; until
  // branch_on puts it back as a branch, only quiet instructions may be emitted.
  struct Condition {
    bool fused = false;
    bool inverted = false;
    wasm::Op op = wasm::Op::I32Ne;
    From a = From::Slot;
    From b = From::Slot;
    uint16_t slot_a = 0;
    uint16_t slot_b = 0;
    uint64_t constant = 0;
    Value value;  // When not fused.
  };
  Condition take_condition(const Value& condition);
  // Taken when (the i32 != 0) == sense.
  Patch branch_on(const Condition& condition, bool sense);
  // Branches when the reference is null (sense) or not.
  Patch branch_null(const Value& reference, bool sense);
  Patch branch();
  void patch(Patch patch, uint32_t target);

  // --- Loops that begin with br_table. `first` counts instructions. ---

  uint32_t instructions() const { return start_count_; }
  // How many instructions from `first` on, which could stand elsewhere as well, lead to a br_table; kNone: more than are worth
  // repeating, or something else comes.
  uint32_t dispatch_at(uint32_t first) const;
  // Emits those `count` instructions and the br_table again.
  void repeat_dispatch(uint32_t first, uint32_t count);
  // The field of the br_table number `first` that will choose where to go on, if the last instruction has just written a constant
  // into its operand; base kNone: it did not.
  Patch chosen_entry(uint32_t first) const;
  // What is to come of a field: a mark while its label is not placed, and the position afterwards.
  void mark(Patch field, uint32_t number) { write_field(field, kMark | number); }
  bool is_marked(Patch field, uint32_t* number) const;
  uint32_t position_in(Patch field) const { return field.base + read_field(field); }

  // Answers the instruction's position.
  uint32_t emit(Handler handler, Cell operands) {
    const uint32_t position = size_;
    if (position + 2 > room_) [[unlikely]]
      return emit_slowly(handler, operands);
    starts_data_[start_count_++] = position;
    cells_[position] = handler;
    cells_[position + 1] = operands;
    size_ = position + 2;
    return position;
  }
  // Tells of something; nothing before it may be changed, all state stays.
  void observe(abi::Observed what);
  void word(Cell value) {
    if (size_ < room_ || make_room(1)) [[likely]]
      cells_[size_++] = value;
  }
  // Resolves for a handler that takes [From] classes, falling back to Slot (a Const must be materialised before).
  Source pick_one(const Handler* by_from, uint32_t stride, const Value& value, wasm::ValType type,
                  Handler* handler) {
    Source source = this->source(value, type);
    *handler = by_from[static_cast<uint32_t>(source.from) * stride];
    if (*handler == 0 && source.from != From::Const) [[unlikely]] {
      source.from = From::Slot;
      *handler = by_from[static_cast<uint32_t>(From::Slot) * stride];
    }
    if (*handler != 0) consume(source);
    return source;
  }

  static Cell pack(Slots slots) { return std::bit_cast<Cell>(slots); }
  static Cell pack(SlotsOffset slots) { return std::bit_cast<Cell>(slots); }
  static Cell pack(SlotsBranch slots) { return std::bit_cast<Cell>(slots); }
  static Cell pack(WideMove move) { return std::bit_cast<Cell>(move); }

  // Of the integers; 0 if there is none.
  uint16_t pinned_slot(uint32_t which) const { return pinned_slots_[which]; }
  // Where a function begins and behind its calls: the mirrored f64 locals and v128, if there are any.
  void load_pins() {
    if (has_float_pins_) emit(handlers_.load_pins_f64, pack(float_pins_));
    if (vector_pin_ != kNone)
      emit(handlers_.vector.data->load_pin, pack(Slots{static_cast<uint16_t>(vector_pin_), 0, 0, 0}));
  }

 private:
  enum class Form : uint8_t {
    None,
    Binary,
    Unary,
    Load,
    LoadIndexed,
    Move,
    MoveConst,
    Select,
    GlobalGet,
    Vector,
    VectorPinned,  // With a handler whose destination is the pinned local.
    VectorLoad,
    Object
  };

  // `by_to` are the handlers that differ in the destination only.
  struct Producer {
    const Handler* by_to = nullptr;
    uint32_t position = 0;
    wasm::Op op = wasm::Op::Nop;
    Form form = Form::None;
    From a = From::Slot;
    From b = From::Slot;
    To to = To::Slot;
  };

  // The slot whose value it holds (kNone: of no use), and the instruction that made it if its store may still be
  // dropped: then `by_to` is set.
  struct Accumulator {
    uint32_t slot = kNone;
    uint32_t position = 0;
    const Handler* by_to = nullptr;
  };

  Accumulator& accumulator(Domain domain) { return accumulators_[static_cast<uint32_t>(domain)]; }
  const Accumulator& accumulator(Domain domain) const { return accumulators_[static_cast<uint32_t>(domain)]; }

  // The row of returns that know this header's slot, or that of any.
  uint32_t header_form(uint32_t header) const {
    return options_.near_headers && header < kNearHeaders ? header : kNearHeaders;
  }
  uint32_t held(uint32_t slot) const { return options_.accumulators ? slot : kNone; }
  [[gnu::noinline]] uint32_t emit_slowly(Handler handler, Cell operands);
  [[gnu::noinline]] bool make_room(uint32_t words);
  // Where the destination is in SlotsOffset, not in Slots.
  static bool has_offset(const Producer& producer) {
    return producer.form == Form::Load || producer.form == Form::GlobalGet ||
           producer.form == Form::VectorLoad;
  }
  uint32_t destination(const Producer& producer) const;
  void set_destination(const Producer& producer, uint32_t slot);
  bool retarget_last(To to);
  // The source is read now: if it is an accumulator that an instruction filled for this purpose, that instruction
  // need not store.
  void consume(const Source& source) {
    if (!source.from_producer || source.from != From::Acc) return;
    Accumulator& made = accumulator(source.domain);
    if (made.by_to != nullptr) drop_store(&made);
  }
  void drop_store(Accumulator* made) {
    const Handler handler = made->by_to[static_cast<uint32_t>(To::Acc)];
    if (handler == 0 || failed_) return;
    cells_[made->position] = handler;
    made->by_to = nullptr;
    if (last_.form != Form::None && last_.position == made->position) last_.to = To::Acc;
  }
  void wrote(const Producer& producer, Domain domain, uint32_t slot) {
    int_before_last_ = accumulator(Domain::Int);
    before_last_ = last_;
    overwritten(slot);
    if (domain == Domain::Vector) overwritten(slot + 1);
    accumulator(domain) = {held(slot), producer.position, producer.by_to};
    last_ = producer;
  }
  bool last_is_numeric() const {
    return last_.form == Form::Binary || last_.form == Form::Unary || last_.form == Form::Load ||
           last_.form == Form::LoadIndexed || last_.form == Form::VectorPinned;
  }
  void set_float_pin(const LocalPlace& place, const Value& value);
  void wrote_raw(const Producer& producer, wasm::ValType type, uint32_t slot);
  // Removes the last instruction, which made the value in `slot`; the accumulators are again as before it.
  void undo_last(uint32_t slot);
  bool last_made(const Value& value) const;
  Cell constant_of(const Producer& producer) const { return cells_[producer.position + 2]; }
  Slots slots_of_last() const { return std::bit_cast<Slots>(cells_[last_.position + 1]); }
  // Falls back to slots where the combination has no handler; 0 when even that does not help (constants stay).
  Handler pick_two(const Handler* block, uint32_t inner, Source* a, Source* b) const {
    const Handler handler =
        block[(static_cast<uint32_t>(a->from) * kFromCount + static_cast<uint32_t>(b->from)) * inner];
    if (handler != 0) [[likely]]
      return handler;
    const Choice choice = pick_two_slowly(block, inner, a->from, b->from);
    a->from = choice.a;
    b->from = choice.b;
    return choice.handler;
  }
  struct Choice {
    Handler handler;
    From a;
    From b;
  };
  // Distances are less than 2^30 words either way, so a field that begins with 10 is a mark.
  static constexpr uint32_t kMark = uint32_t{1} << 31;
  // Straight instructions that are repeated at most; those of a metered loop count.
  static constexpr uint32_t kMostRepeated = 5;
  void write_field(Patch field, uint32_t value) {
    if (failed_) return;
    std::memcpy(reinterpret_cast<uint8_t*>(cells_) + size_t{field.field} * 4, &value, sizeof value);
  }
  uint32_t read_field(Patch field) const {
    uint32_t value;
    std::memcpy(&value, reinterpret_cast<const uint8_t*>(cells_) + size_t{field.field} * 4, sizeof value);
    return value;
  }
  static Choice pick_two_slowly(const Handler* block, uint32_t inner, From a, From b);
  bool load_indexed(wasm::Op op, const Value& address, uint32_t offset, uint32_t to);
  bool store_indexed(wasm::Op op, const Value& address, const Value& value, uint32_t offset);
  Source source_for_branch(const Handler* by_from, const Value& reference, Handler* handler) const;
  bool fuse_last(Condition* condition);
  // Sums are consumed as addresses only; everywhere else they are computed first.
  Value settled(Value value) {
    if (value.kind != Value::Kind::Sum) [[likely]]
      return value;
    return compute(value, wasm::kI32);
  }
  // By value, so that operands stay in registers.
  Value compute(Value value, wasm::ValType type);
  bool folded_address(const Handler* block, uint32_t inner, const Value& address, uint32_t offset,
                      Source* left, Source* right, Handler* handler);

  Value compute_vector(Value value);
  void materialize_vector(Value* value) {
    if (!value->is_temp()) *value = compute_vector(*value);
  }
  void copy_vector(const Value& value, uint32_t to);
  void set_local_vector(uint32_t local, const Value& value);
  Source vector_place(const Value& value) const;
  Source vector_source(Value* value);
  void emit_vector(const Handler* by_to, Slots slots, Domain domain);
  void emit_vector(const Handler* by_to, SlotsOffset slots);
  Source vector_address(Value address, const Handler* row, uint32_t inner, uint32_t* offset,
                        Handler* handler);

  const HandlerTable& handlers_;
  const Options& options_;
  base::Vector<Cell>& code_;
  base::Vector<Position>* positions_ = nullptr;
  base::Vector<uint32_t>* starts_ = nullptr;
  // Code and starts have more elements than were written, and these are where they lie.
  Cell* cells_ = nullptr;
  uint32_t* starts_data_ = nullptr;
  uint32_t size_ = 0;
  uint32_t start_count_ = 0;
  uint32_t room_ = 0;  // Words; 0 when positions are recorded, which emit_slowly does.
  const LocalPlace* locals_ = nullptr;
  base::Vector<VectorBits>* vectors_ = nullptr;
  uint16_t pinned_slots_[2] = {};
  bool has_float_pins_ = false;
  Slots float_pins_{};
  uint32_t vector_pin_ = kNone;  // The slot of the pinned v128.
  uint32_t offset_ = 0;
  bool failed_ = false;
  uint32_t labelled_ = 0;  // Where control may last have arrived from elsewhere.

  Accumulator accumulators_[4];
  Producer last_;
  // As they were before last_ was emitted, for undo_last.
  Accumulator int_before_last_;
  Producer before_last_;
};

}  // namespace wherry::lower
