// How an instruction chooses among the handlers of its family.
//
// Operands are resolved to the best place they can be read from (an accumulator, a pinned register, a constant, a
// slot). Tables have holes, so a choice that does not exist falls back towards slots, which every family has. Only
// when the choice stands are producers told that their store was not needed. What the figures say these rules are
// worth is in docs/rationale.md; the tests switch each of them off and compare.
#include "engine/lower/emitter.h"

#include <array>

#include "engine/lower/joined.h"

namespace wherry::lower {
namespace {

using wasm::Op;
using wasm::ValType;

constexpr uint32_t index_of(From from) { return static_cast<uint32_t>(from); }
constexpr uint32_t index_of(To to) { return static_cast<uint32_t>(to); }
constexpr uint32_t at_from_to(From a, To to) { return index_of(a) * kToCount + index_of(to); }
constexpr uint32_t at_from_from(From a, From b) { return index_of(a) * kFromCount + index_of(b); }
constexpr uint32_t at_from_from_to(From a, From b, To to) {
  return at_from_from(a, b) * kToCount + index_of(to);
}

// The instruction that gives the same result with its operands exchanged; Nop when there is none.
Op mirrored(Op op) {
  switch (op) {
#define SAME(name) \
  case Op::name: return Op::name
#define PAIR(left, right)          \
  case Op::left: return Op::right; \
  case Op::right: return Op::left
    SAME(I32Add);
    SAME(I32Mul);
    SAME(I32And);
    SAME(I32Or);
    SAME(I32Xor);
    SAME(I32Eq);
    SAME(I32Ne);
    SAME(I64Add);
    SAME(I64Mul);
    SAME(I64And);
    SAME(I64Or);
    SAME(I64Xor);
    SAME(I64Eq);
    SAME(I64Ne);
    SAME(F32Eq);
    SAME(F32Ne);
    SAME(F64Eq);
    SAME(F64Ne);
    PAIR(I32LtS, I32GtS);
    PAIR(I32LtU, I32GtU);
    PAIR(I32LeS, I32GeS);
    PAIR(I32LeU, I32GeU);
    PAIR(I64LtS, I64GtS);
    PAIR(I64LtU, I64GtU);
    PAIR(I64LeS, I64GeS);
    PAIR(I64LeU, I64GeU);
    PAIR(F32Lt, F32Gt);
    PAIR(F32Le, F32Ge);
    PAIR(F64Lt, F64Gt);
    PAIR(F64Le, F64Ge);
#undef SAME
#undef PAIR
    default: return Op::Nop;
  }
}

}  // namespace

void Emitter::begin(LocalPlace* locals, const PinnedLocals& pinned, base::Vector<VectorBits>* vectors) {
  locals_ = locals;
  vectors_ = vectors;
  const auto pin = [locals](uint32_t local, From from) -> uint16_t {
    if (local == PinnedLocals::kNone) return 0;
    locals[local].pin = from;
    return static_cast<uint16_t>(locals[local].slot);
  };
  pinned_slots_[0] = pin(pinned.first, From::Pin0);
  pinned_slots_[1] = pin(pinned.second, From::Pin1);
  has_float_pins_ = pinned.first_float != PinnedLocals::kNone;
  float_pins_ = {pin(pinned.first_float, From::Pin0), pin(pinned.second_float, From::Pin1), 0, 0};
  vector_pin_ = pinned.vector == PinnedLocals::kNone ? kNone : pin(pinned.vector, From::Pin0);
  forget();
}

// --- Accumulators and producers ---

uint32_t Emitter::emit_slowly(Handler handler, Cell operands) {
  const uint32_t position = size_;
  if (positions_ != nullptr && !positions_->push_back({position, offset_})) failed_ = true;
  if (!make_room(2)) return position;
  starts_data_[start_count_++] = position;
  cells_[position] = handler;
  cells_[position + 1] = operands;
  size_ = position + 2;
  return position;
}

bool Emitter::make_room(uint32_t words) {
  if (code_.size() - size_ >= words) return true;
  const size_t room = code_.size() + code_.size() / 2 + 128;
  // No instruction has less than two words.
  if (failed_ || !code_.resize(room) || !starts_->resize(room / 2 + 1)) {
    failed_ = true;
    return false;
  }
  cells_ = code_.data();
  starts_data_ = starts_->data();
  room_ = positions_ == nullptr ? static_cast<uint32_t>(room) : 0;
  return true;
}

uint32_t Emitter::destination(const Producer& producer) const {
  if (failed_) return kNone;
  const Cell operands = cells_[producer.position + 1];
  if (has_offset(producer)) return std::bit_cast<SlotsOffset>(operands).d;
  return std::bit_cast<Slots>(operands).d;
}

void Emitter::set_destination(const Producer& producer, uint32_t slot) {
  if (failed_) return;
  Cell& operands = cells_[producer.position + 1];
  if (has_offset(producer)) {
    auto slots = std::bit_cast<SlotsOffset>(operands);
    slots.d = static_cast<uint16_t>(slot);
    operands = pack(slots);
    return;
  }
  auto slots = std::bit_cast<Slots>(operands);
  slots.d = static_cast<uint16_t>(slot);
  operands = pack(slots);
}

bool Emitter::retarget_last(To to) {
  const Handler handler = last_.by_to[index_of(to)];
  if (handler == 0 || failed_) return false;
  cells_[last_.position] = handler;
  last_.to = to;
  return true;
}

// For handlers that pass 8 bytes through the integer accumulator whatever their type.
void Emitter::wrote_raw(const Producer& producer, ValType type, uint32_t slot) {
  wrote(producer, Domain::Int, slot);
  if (domain_of(type) != Domain::Int) accumulator(Domain::Int).slot = kNone;
}

bool Emitter::last_made(const Value& value) const {
  return !failed_ && value.is_temp() && last_.form != Form::None && last_.to == To::Slot &&
         destination(last_) == value.slot;
}

void Emitter::drop_from(uint32_t position) {
  size_ = position;
  while (positions_ != nullptr && !positions_->empty() && positions_->back().word >= size())
    positions_->pop_back();
  while (start_count_ != 0 && starts_data_[start_count_ - 1] >= size_) --start_count_;
}

void Emitter::undo_last(uint32_t slot) {
  drop_from(last_.position);
  accumulator(Domain::Int) = int_before_last_;
  overwritten(slot);
  last_ = before_last_;
  before_last_.form = Form::None;
}

void Emitter::observe(abi::Observed what) {
  seal();
  const auto words = std::bit_cast<std::array<Cell, 2>>(what);
  emit(handlers_.observe, words[0]);
  word(words[1]);
}

Emitter::Choice Emitter::pick_two_slowly(const Handler* block, uint32_t inner, From a, From b) {
  const From slot_a = a == From::Const ? From::Const : From::Slot;
  const From slot_b = b == From::Const ? From::Const : From::Slot;
  const From choices[3][2] = {{a, slot_b}, {slot_a, b}, {slot_a, slot_b}};
  for (const auto& choice : choices) {
    const Handler handler = block[at_from_from(choice[0], choice[1]) * inner];
    if (handler != 0) return {handler, choice[0], choice[1]};
  }
  return {0, a, b};
}

// --- Arithmetic ---

void Emitter::binary(Op op, Value a, Value b, uint32_t to) {
  a = settled(a);
  b = settled(b);
  if (a.is_const()) [[unlikely]] {
    if (b.is_const()) {
      materialize(&a, operand_type(op));
    } else if (mirrored(op) != Op::Nop) {
      op = mirrored(op);
      std::swap(a, b);
    }
  }
  const Handler* const block = handlers_.binary[family_of(op).index];
  const Domain domain = operand_domain(op);
  Source left = source(a, domain);
  Source right = source(b, domain);
  if (pick_two(block, kToCount, &left, &right) == 0) {  // A constant on the left that cannot change sides.
    materialize(&a, operand_type(op));
    left = source(a, domain);
    right = source(b, domain);
    pick_two(block, kToCount, &left, &right);
  }
  consume(left);
  consume(right);
  const Handler* const by_to = block + at_from_from_to(left.from, right.from, To::Slot);
  const Producer producer{by_to, size(), op, Form::Binary, left.from, right.from};
  emit(*by_to, pack(Slots{left.slot, right.slot, static_cast<uint16_t>(to), 0}));
  if (left.from == From::Const) word(left.constant);
  if (right.from == From::Const) word(right.constant);
  wrote(producer, result_domain(op), to);
}

void Emitter::unary(Op op, const Value& a, uint32_t to) {
  const ValType type = operand_type(op);
  Value operand = a;
  if (!operand.is_temp() && operand.kind != Value::Kind::Local) materialize(&operand, type);
  const Handler* const block = handlers_.unary[family_of(op).index];
  Handler handler;
  const Source from = pick_one(block, kToCount, operand, type, &handler);
  const Producer producer{block + at_from_to(from.from, To::Slot), size(), op, Form::Unary, from.from};
  emit(handler, pack(Slots{from.slot, 0, static_cast<uint16_t>(to), 0}));
  wrote(producer, result_domain(op), to);
}

void Emitter::select(ValType type, Value a, Value b, Value condition, uint32_t to) {
  a = settled(a);
  b = settled(b);
  condition = settled(condition);
  if (condition.is_const()) materialize(&condition, wasm::kI32);
  const auto resolve = [&](const Value& value) {
    Source source = this->source(value, type);
    if (source.domain != Domain::Int && source.from != From::Const) source.from = From::Slot;
    return source;
  };
  Source left = resolve(a);
  Source right = resolve(b);
  Source test = source(condition, wasm::kI32);
  const auto by_to = [&] {
    return handlers_.select +
           (at_from_from(left.from, right.from) * kFromCount + index_of(test.from)) * kToCount;
  };
  for (Source* source : {&left, &right, &test}) {
    if (*by_to() != 0) break;
    if (source->from != From::Const) source->from = From::Slot;
  }
  if (*by_to() == 0) {
    materialize(&a, type);
    materialize(&b, type);
    left = resolve(a);
    right = resolve(b);
    left.from = right.from = test.from = From::Slot;
  }
  for (const Source& source : {left, right, test}) consume(source);
  const Producer producer{by_to(), size(), Op::Select, Form::Select, left.from, right.from};
  emit(*by_to(), pack(Slots{left.slot, right.slot, static_cast<uint16_t>(to), test.slot}));
  if (left.from == From::Const) word(left.constant);
  if (right.from == From::Const) word(right.constant);
  wrote_raw(producer, type, to);
}

// --- Variables and moves ---

void Emitter::global_get(ValType type, bool imported, uint32_t context_offset, uint32_t to) {
  const Handler* const by_to = handlers_.global_get[imported];
  const Producer producer{by_to, size(), Op::GlobalGet, Form::GlobalGet};
  emit(*by_to, pack(SlotsOffset{0, static_cast<uint16_t>(to), context_offset}));
  wrote_raw(producer, type, to);
}

void Emitter::global_set(ValType type, bool imported, uint32_t context_offset, const Value& value) {
  Value operand = value;
  operand = settled(operand);
  Source from = source(operand, type);
  if (from.domain != Domain::Int && from.from != From::Const) from.from = From::Slot;
  Handler handler = handlers_.global_set[imported][index_of(from.from)];
  if (handler == 0) {
    materialize(&operand, type);
    from = source(operand, type);
    from.from = From::Slot;
    handler = handlers_.global_set[imported][index_of(From::Slot)];
  }
  consume(from);
  emit(handler, pack(SlotsOffset{from.slot, 0, context_offset}));
  if (from.from == From::Const) word(from.constant);
  seal();
}

Value Emitter::compute(Value value, ValType type) {
  if (type == wasm::kV128) return compute_vector(value);
  const uint32_t to = value.slot;
  switch (value.kind) {
    case Value::Kind::Temp: break;
    case Value::Kind::Sum: {
      binary(Op::I32Add, value.sum_left(), value.sum_right(), to);
      break;
    }
    case Value::Kind::Const: {
      const Producer producer{handlers_.move_const, size(), Op::Nop, Form::MoveConst};
      emit(handlers_.move_const[index_of(To::Slot)], pack(Slots{0, 0, static_cast<uint16_t>(to), 0}));
      word(value.bits);
      wrote_raw(producer, type, to);
      break;
    }
    case Value::Kind::Local: {
      if (domain_of(type) != Domain::Int) {
        copy(value, type, to);
        break;
      }
      Handler handler;
      const Source from = pick_one(handlers_.move, kToCount, value, type, &handler);
      const Producer producer{handlers_.move + at_from_to(from.from, To::Slot), size(), Op::Nop, Form::Move,
                              from.from};
      emit(handler, pack(Slots{from.slot, 0, static_cast<uint16_t>(to), 0}));
      wrote(producer, Domain::Int, to);
      break;
    }
  }
  return Value::temp(to);
}

void Emitter::move_wide(uint32_t from, uint32_t to) {
  emit(handlers_.move_wide, pack(WideMove{from, to}));
  overwritten(to);
  seal();
}

void Emitter::materialize_quietly(Value* value, ValType type) {
  if (type == wasm::kV128) return materialize_vector(value);
  move_wide(locals_[value->local()].slot, value->slot);
  *value = Value::temp(value->slot);
}

void Emitter::copy(const Value& value, ValType type, uint32_t to) {
  if (value.is_temp() && value.slot == to) return;
  if (type == wasm::kV128) return copy_vector(value, to);
  if (value.kind == Value::Kind::Sum || value.is_const()) {
    Value moved = value;
    moved.slot = to;
    materialize(&moved, type);
    forget_producers();
    return;
  }
  const Source from = source(value, type);
  if (from.from == From::Acc && from.domain == Domain::Int) {
    emit(handlers_.move[at_from_to(From::Acc, To::Slot)], pack(Slots{0, 0, static_cast<uint16_t>(to), 0}));
  } else if (from.from == From::Acc) {
    const Handler handler = from.domain == Domain::F32 ? handlers_.move_f32 : handlers_.move_f64;
    emit(handler, pack(Slots{0, 0, static_cast<uint16_t>(to), 0}));
  } else {
    return move_wide(from.slot, to);
  }
  overwritten(to);
  seal();
}

void Emitter::set_local(uint32_t local, Value value) {
  const LocalPlace& place = locals_[local];
  const Domain domain = domain_of(place.type);
  const To pin = place.pin == From::Pin0 ? To::Pin0 : place.pin == From::Pin1 ? To::Pin1 : To::Slot;
  // Handlers that pass any type through the integer accumulator write the integers' registers, and few of those that make vectors
  // have a form for a pinned one.
  const bool is_wide_pin = pin != To::Slot && domain != Domain::Int;
  value = settled(value);
  if (value.kind == Value::Kind::Local && value.local() == local) return;
  if (options_.destination_folding && last_made(value) && (!is_wide_pin || last_is_numeric()) &&
      retarget_last(pin)) {
    set_destination(last_, place.slot);
    Accumulator& made = accumulator(domain);
    const bool holds_it = made.slot == value.slot;
    overwritten(place.slot);
    if (domain == Domain::Vector) overwritten(place.slot + 1);
    if (holds_it) made = {place.slot, 0, nullptr};
    seal();
    return;
  }
  if (domain == Domain::Vector) return set_local_vector(local, value);
  if (is_wide_pin) return set_float_pin(place, value);
  if (value.is_const()) {
    emit(handlers_.move_const[index_of(pin)], pack(Slots{0, 0, static_cast<uint16_t>(place.slot), 0}));
    word(value.bits);
    overwritten(place.slot);
    accumulator(Domain::Int) = {domain == Domain::Int ? held(place.slot) : kNone, 0, nullptr};
    seal();
    return;
  }
  if (domain != Domain::Int) {
    const Source from = source(value, place.type);
    if (from.from == From::Acc) consume(from);
    const bool in_accumulator = from.from == From::Acc;
    copy(value, place.type, place.slot);
    if (in_accumulator) accumulator(domain) = {place.slot, 0, nullptr};
    return;
  }
  Handler handler;
  const Source from = pick_one(handlers_.move + index_of(pin), kToCount, value, place.type, &handler);
  emit(handler, pack(Slots{from.slot, 0, static_cast<uint16_t>(place.slot), 0}));
  overwritten(place.slot);
  accumulator(Domain::Int) = {held(place.slot), 0, nullptr};
  seal();
}

void Emitter::set_float_pin(const LocalPlace& place, const Value& value) {
  const Source from = source(value, place.type);
  if (from.from == From::Acc) consume(from);
  const uint32_t which = place.pin == From::Pin0 ? 0 : 1;
  emit(handlers_.pin_f64[index_of(from.from)][which],
       pack(Slots{from.slot, 0, static_cast<uint16_t>(place.slot), 0}));
  if (from.from == From::Const) word(from.constant);
  overwritten(place.slot);
  accumulator(Domain::F64) = {held(place.slot), 0, nullptr};
  seal();
}

// --- Control ---

bool Emitter::fuse_last(Condition* condition) {
  const Handler* block =
      last_.form == Form::Binary ? handlers_.compare_branch[family_of(last_.op).index] : nullptr;
  if (block == nullptr) return false;
  const uint32_t at = at_from_from(last_.a, last_.b);
  if (block[at] == 0 || block[kFromCount * kFromCount + at] == 0) return false;
  const Slots slots = slots_of_last();
  condition->fused = true;
  condition->op = last_.op;
  condition->a = last_.a;
  condition->b = last_.b;
  condition->slot_a = slots.a;
  condition->slot_b = slots.b;
  if (last_.a == From::Const || last_.b == From::Const) condition->constant = constant_of(last_);
  undo_last(slots.d);
  return true;
}

Emitter::Condition Emitter::take_condition(const Value& condition) {
  Condition taken;
  taken.value = condition;
  if (!options_.compare_branch || !last_made(condition)) return taken;
  if (fuse_last(&taken)) return taken;
  if (last_.form != Form::Unary || (last_.op != Op::I32Eqz && last_.op != Op::I64Eqz)) return taken;
  const Slots slots = slots_of_last();
  const From from = last_.a;
  const bool is_64 = last_.op == Op::I64Eqz;
  const Op compare = is_64 ? Op::I64Eq : Op::I32Eq;
  const Handler* block = handlers_.compare_branch[family_of(compare).index];
  const uint32_t at = at_from_from(from, From::Const);
  if (block == nullptr || block[at] == 0 || block[kFromCount * kFromCount + at] == 0) return taken;
  undo_last(slots.d);
  taken.fused = true;
  taken.op = compare;
  taken.a = from;
  taken.b = From::Const;
  taken.slot_a = slots.a;
  // What eqz looked at may itself be a test, if it was made just before for nobody else.
  Condition inner;
  if (!is_64 && from == From::Acc && last_.form == Form::Binary && last_.to == To::Acc &&
      destination(last_) == slots.d &&
      last_.position + 2u + (last_.a == From::Const || last_.b == From::Const) == size() &&
      fuse_last(&inner)) {
    forget();  // Which of the accumulators are known was noted one instruction deep only.
    inner.inverted = true;
    return inner;
  }
  return taken;
}

Emitter::Patch Emitter::branch_on(const Condition& condition, bool sense) {
  sense = sense != condition.inverted;
  uint32_t base;
  if (condition.fused) {
    const Handler* block = handlers_.compare_branch[family_of(condition.op).index];
    const uint32_t at = (sense ? kFromCount * kFromCount : 0) + at_from_from(condition.a, condition.b);
    base = emit(block[at], pack(SlotsBranch{condition.slot_a, condition.slot_b, 0}));
    if (condition.a == From::Const || condition.b == From::Const) word(condition.constant);
  } else {
    Value value = condition.value;
    if (!value.is_temp() && value.kind != Value::Kind::Local) materialize(&value, wasm::kI32);
    Handler handler;
    const Source from = pick_one(handlers_.branch_if[sense], 1, value, wasm::kI32, &handler);
    base = emit(handler, pack(SlotsBranch{from.slot, 0, 0}));
  }
  seal();
  return {base, (base + 1) * 2 + 1};
}

Emitter::Patch Emitter::branch_null(const Value& reference, bool sense) {
  const uint32_t family = family_of(Op::I64Eq).index;
  const uint32_t which = (sense ? kFromCount * kFromCount : 0);
  Source from = source(reference, wasm::kI64);
  from.from_producer = false;  // The reference is used again on one of the two ways.
  Handler handler = handlers_.compare_branch[family][which + at_from_from(from.from, From::Const)];
  if (handler == 0) {
    from.from = From::Slot;
    handler = handlers_.compare_branch[family][which + at_from_from(From::Slot, From::Const)];
  }
  const uint32_t base = emit(handler, pack(SlotsBranch{from.slot, 0, 0}));
  word(abi::kNullRef);
  seal();
  return {base, (base + 1) * 2 + 1};
}

Emitter::Patch Emitter::branch() {
  const uint32_t base = emit(handlers_.branch, pack(SlotsBranch{0, 0, 0}));
  seal();
  return {base, (base + 1) * 2 + 1};
}

void Emitter::patch(Patch patch, uint32_t target) {
  write_field(patch, target - patch.base);
  if (target == size()) labelled_ = target;
}

// --- Loops that begin with br_table ---

namespace {

// What does the same wherever it stands, and goes on behind itself.
constexpr bool is_straight(uint32_t number) {
  using N = StepNumbers;
  return (number >= N::kBinary && number < N::kCompareBranch) || (number >= N::kLoad && number < N::kStore) ||
         (number >= N::kSelect && number < N::kGlobalSet) || is_metering(number);
}
constexpr bool is_br_table(uint32_t number) {
  return number >= StepNumbers::kBrTable && number < StepNumbers::kBrTable + kFromCount;
}

}  // namespace

uint32_t Emitter::dispatch_at(uint32_t first) const {
  if (failed_) return kNone;
  for (uint32_t count = 0; count <= kMostRepeated && first + count < start_count_; ++count) {
    const Cell handler = cells_[starts_data_[first + count]];
    const uint32_t number = number_in(handler);
    if (is_br_table(number)) return count;
    if (!is_straight(number) && handler != handlers_.interrupt) break;
  }
  return kNone;
}

void Emitter::repeat_dispatch(uint32_t first, uint32_t count) {
  const uint32_t offset = offset_;
  for (uint32_t i = first; i <= first + count && !failed_; ++i) {
    if (positions_ != nullptr)
      offset_ = (*positions_)[i].offset;  // A trap is that of the instruction repeated.
    const uint32_t at = starts_data_[i];
    if (i == first + count) {
      auto slots = std::bit_cast<SlotsBranch>(cells_[at + 1]);
      slots.distance += static_cast<int32_t>(at) - static_cast<int32_t>(size());
      emit(cells_[at], pack(slots));
      break;
    }
    const uint32_t end = starts_data_[i + 1];
    emit(cells_[at], cells_[at + 1]);
    for (uint32_t word_at = at + 2; word_at < end; ++word_at) word(cells_[word_at]);
  }
  offset_ = offset;
  forget();
}

Emitter::Patch Emitter::chosen_entry(uint32_t first) const {
  if (failed_ || start_count_ == 0 || labelled_ == size()) return {};
  const uint32_t position = starts_data_[first];
  const uint32_t last = starts_data_[start_count_ - 1];
  const uint32_t to = number_in(cells_[last]) - StepNumbers::kMoveConst;
  if (last == position || to >= kToCount || to == index_of(To::Acc)) return {};
  const auto table = std::bit_cast<SlotsBranch>(cells_[position + 1]);
  const auto from = static_cast<From>(number_in(cells_[position]) - StepNumbers::kBrTable);
  const uint32_t read = from == From::Slot   ? table.a
                        : from == From::Pin0 ? pinned_slots_[0]
                        : from == From::Pin1 ? pinned_slots_[1]
                                             : kNone;
  if (std::bit_cast<Slots>(cells_[last + 1]).d != read) return {};
  const uint32_t base = position + static_cast<uint32_t>(table.distance);
  const uint32_t count = read_field({base, base * 2});
  const auto index = static_cast<uint32_t>(cells_[last + 2]);
  return {base, base * 2 + 1 + (index < count ? index : count)};
}

bool Emitter::is_marked(Patch field, uint32_t* number) const {
  const uint32_t value = read_field(field);
  *number = value & ~kMark;
  return value >> 30 == 2;
}

void Emitter::return_one(const Value& value, ValType type, uint32_t header) {
  Value operand = value;
  operand = settled(operand);
  const auto e = static_cast<uint16_t>(header);
  const Source from = source(operand, type);
  if (from.domain == Domain::F64 && from.from != From::Acc && from.from != From::Const) {
    // The forms that name a pin mean an integer.
    emit(handlers_.return_one[header_form(header)][index_of(From::Slot)], pack(Slots{from.slot, 0, 0, e}));
    return;
  }
  if (from.domain != Domain::Int && from.from == From::Acc) {
    consume(from);
    const Handler* by_header = from.domain == Domain::F32 ? handlers_.return_f32 : handlers_.return_f64;
    emit(by_header[header_form(header)], pack(Slots{0, 0, 0, e}));
    return;
  }
  Handler handler;
  const Source picked = pick_one(handlers_.return_one[header_form(header)], 1, operand, type, &handler);
  emit(handler, pack(Slots{picked.slot, 0, 0, e}));
  if (picked.from == From::Const) word(picked.constant);
}

}  // namespace wherry::lower
