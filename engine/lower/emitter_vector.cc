// Vectors: operands are in slots or in va, a constant may be the second operand of two.
//
// The rules are those of scalars (emitter.cc): a value is read from the accumulator it was left in, its producer then
// drops the store; local.set re-targets the producer. Scalars that meet vectors (addresses, counts, lanes) are picked
// as scalars are. A vector writes two slots, so whoever writes one looks at its neighbours too.
#include <utility>

#include "engine/lower/emitter.h"

namespace wherry::lower {
namespace {

using wasm::Op;
using wasm::ValType;

constexpr uint32_t index_of(From from) { return static_cast<uint32_t>(from); }

ValType type_of_letter(char letter) {
  switch (letter) {
    case 'L': return wasm::kI64;
    case 'F': return wasm::kF32;
    case 'D': return wasm::kF64;
    default: return wasm::kI32;
  }
}

}  // namespace

Value Emitter::vector_constant(VectorBits bits) {
  const uint64_t number = vectors_->size();
  if (!vectors_->push_back(bits)) failed_ = true;
  return Value::constant(0, number);
}

// Where whatever has no form for the pinned local's register reads a vector.
Emitter::Source Emitter::vector_place(const Value& value) const {
  Source place = source(value, Domain::Vector);
  if (place.from == From::Pin0) {
    place.from = accumulator(Domain::Vector).slot == place.slot ? From::Acc : From::Slot;
  }
  return place;
}

// The operand's place; a constant is made first.
Emitter::Source Emitter::vector_source(Value* value) {
  if (value->is_const()) materialize_vector(value);
  return vector_place(*value);
}

void Emitter::emit_vector(const Handler* by_to, Slots slots, Domain domain) {
  const Producer producer{.by_to = by_to, .position = size(), .form = Form::Vector};
  emit(by_to[0], pack(slots));
  wrote(producer, domain, slots.d);
}

void Emitter::emit_vector(const Handler* by_to, SlotsOffset slots) {
  const Producer producer{.by_to = by_to, .position = size(), .form = Form::VectorLoad};
  emit(by_to[0], pack(slots));
  wrote(producer, Domain::Vector, slots.d);
}

// --- Values ---

Value Emitter::compute_vector(Value value) {
  const auto to = static_cast<uint16_t>(value.slot);
  if (value.is_const()) {
    const VectorBits bits = failed_ ? VectorBits{} : (*vectors_)[value.bits];
    emit_vector(handlers_.vector.data->constant, Slots{0, 0, to, 0}, Domain::Vector);
    word(bits.low);
    word(bits.high);
  } else {
    const Source from = vector_place(value);
    emit_vector(&handlers_.vector.data->move[vector_index(from.from) * kVectorTos],
                Slots{from.slot, 0, to, 0}, Domain::Vector);
  }
  return Value::temp(to);
}

void Emitter::copy_vector(const Value& value, uint32_t to) {
  Value moved = value;
  if (moved.is_const()) {
    moved.slot = to;
    materialize_vector(&moved);
  } else {
    const Source from = vector_place(value);
    emit_vector(&handlers_.vector.data->move[vector_index(from.from) * kVectorTos],
                Slots{from.slot, 0, static_cast<uint16_t>(to), 0}, Domain::Vector);
  }
  forget_producers();
}

void Emitter::set_local_vector(uint32_t local, const Value& value) {
  const uint32_t to = locals_[local].slot;
  if (options_.destination_folding && last_made(value) && retarget_last(To::Slot)) {
    set_destination(last_, to);
    overwritten(to);
    overwritten(to + 1);
    accumulator(Domain::Vector) = {held(to), 0, nullptr};
    seal();
  } else {
    if (!value.is_const()) consume(vector_place(value));
    copy_vector(value, to);
  }
  if (to == vector_pin_) emit(handlers_.vector.data->pin, pack(Slots{0, 0, 0, 0}));
}

void Emitter::return_vector(Value value, uint32_t header) {
  Source from = vector_source(&value);
  if (header == 0) from.from = From::Slot;
  consume(from);
  emit(handlers_.vector.data->return_one[vector_index(from.from)],
       pack(Slots{from.slot, 2, 0, static_cast<uint16_t>(header)}));
}

void Emitter::vector_global_get(bool imported, uint32_t context_offset, uint32_t to) {
  emit_vector(handlers_.vector.data->global_get[imported],
              SlotsOffset{0, static_cast<uint16_t>(to), context_offset});
}

void Emitter::vector_global_set(bool imported, uint32_t context_offset, Value value) {
  const Source from = vector_source(&value);
  consume(from);
  emit(handlers_.vector.data->global_set[imported][vector_index(from.from)],
       pack(SlotsOffset{from.slot, 0, context_offset}));
  seal();
}

// --- Instructions ---

void Emitter::vector_unary(Op op, Value a, uint32_t to) {
  const Source from = vector_source(&a);
  consume(from);
  emit_vector(&handlers_.vector.unary[vector_family_of(op).index][vector_index(from.from) * kVectorTos],
              Slots{from.slot, 0, static_cast<uint16_t>(to), 0}, Domain::Vector);
}

void Emitter::vector_binary(Op op, Value a, Value b, uint32_t to) {
  if (a.is_const()) materialize_vector(&a);
  Source left = vector_place(a);
  Source right = vector_place(b);
  if (left.from == From::Acc && right.from == From::Acc) right.from = From::Slot;  // One local, twice.
  const VectorFamily family = vector_family_of(op);
  const bool has_pin = vector_pin_ != kNone && family.pinned != 0;
  const Handler* by_to;
  if (has_pin) {
    for (Source* source : {&left, &right}) {
      if (source->from == From::Slot && source->slot == vector_pin_) source->from = From::Pin0;
    }
    if (!has_pinned(op, left.from, right.from)) std::swap(left, right);
    by_to = &handlers_.vector.pinned[family.pinned - 1u][pinned_index(left.from, right.from, To::Slot)];
  } else {
    const uint32_t at = (vector_index(left.from) * 3 + vector_index(right.from)) * kVectorTos;
    by_to = &handlers_.vector.binary[family.index][at];
  }
  consume(left);
  consume(right);
  emit_vector(by_to, Slots{left.slot, right.slot, static_cast<uint16_t>(to), 0}, Domain::Vector);
  if (has_pin) last_.form = Form::VectorPinned;
  if (right.from != From::Const || failed_) return;
  const VectorBits bits = (*vectors_)[right.constant];
  word(bits.low);
  word(bits.high);
}

void Emitter::vector_shuffle(Value a, Value b, VectorBits lanes, uint32_t to) {
  if (a.is_const()) materialize_vector(&a);
  if (b.is_const()) materialize_vector(&b);
  Source left = vector_place(a);
  Source right = vector_place(b);
  if (left.from == From::Acc && right.from == From::Acc) right.from = From::Slot;
  consume(left);
  consume(right);
  const uint32_t at = (vector_index(left.from) * kVectorFroms + vector_index(right.from)) * kVectorTos;
  emit_vector(&handlers_.vector.data->shuffle[at], Slots{left.slot, right.slot, static_cast<uint16_t>(to), 0},
              Domain::Vector);
  word(lanes.low);
  word(lanes.high);
}

void Emitter::vector_ternary(Op op, Value a, Value b, Value c, uint32_t to) {
  for (Value* value : {&a, &b, &c}) {
    if (value->is_const()) materialize_vector(value);
  }
  Source sources[3] = {vector_place(a), vector_place(b), vector_place(c)};
  bool has_acc = false;
  uint32_t at = 0;
  for (Source& source : sources) {
    if (has_acc) source.from = From::Slot;
    has_acc = has_acc || source.from == From::Acc;
    consume(source);
    at = at * kVectorFroms + vector_index(source.from);
  }
  emit_vector(&handlers_.vector.ternary[vector_family_of(op).index][at * kVectorTos],
              Slots{sources[0].slot, sources[1].slot, static_cast<uint16_t>(to), sources[2].slot},
              Domain::Vector);
}

void Emitter::vector_shift(Op op, Value a, Value count, uint32_t to) {
  count = settled(count);
  const Source vector = vector_source(&a);
  const Handler* row = handlers_.vector.shift[vector_family_of(op).index] +
                       vector_index(vector.from) * kFromCount * kVectorTos;
  Handler handler;
  const Source scalar = pick_one(row, kVectorTos, count, wasm::kI32, &handler);
  consume(vector);
  emit_vector(&row[index_of(scalar.from) * kVectorTos],
              Slots{vector.slot, scalar.slot, static_cast<uint16_t>(to), 0}, Domain::Vector);
  if (scalar.from == From::Const) word(scalar.constant);
}

void Emitter::vector_test(Op op, Value a, uint32_t to) {
  const Source from = vector_source(&a);
  consume(from);
  emit_vector(&handlers_.vector.test[vector_family_of(op).index][vector_index(from.from) * kToCount],
              Slots{from.slot, 0, static_cast<uint16_t>(to), 0}, Domain::Int);
}

void Emitter::vector_extract(Op op, Value a, uint32_t lane, uint32_t to) {
  Source from = vector_source(&a);
  const Handler* row = handlers_.vector.extract[vector_family_of(op).index];
  const Handler* by_to = row;
  if (from.from == From::Acc && lane < 4 && row[(1 + lane) * kToCount] != 0) {
    by_to = row + (1 + lane) * kToCount;
    consume(from);
  }
  emit_vector(by_to, Slots{from.slot, 0, static_cast<uint16_t>(to), static_cast<uint16_t>(lane)},
              domain_of(type_of_letter(wasm::info(op).signature.results[0])));
}

void Emitter::vector_replace(Op op, Value a, Value scalar, uint32_t lane, uint32_t to) {
  const ValType type = type_of_letter(wasm::info(op).signature.params[1]);
  scalar = settled(scalar);
  if (scalar.is_const()) materialize(&scalar, type);
  const Source vector = vector_source(&a);
  const Handler* row = handlers_.vector.replace[vector_family_of(op).index] +
                       vector_index(vector.from) * kFromCount * kVectorTos;
  Handler handler;
  const Source from = pick_one(row, kVectorTos, scalar, type, &handler);
  consume(vector);
  emit_vector(&row[index_of(from.from) * kVectorTos],
              Slots{vector.slot, from.slot, static_cast<uint16_t>(to), static_cast<uint16_t>(lane)},
              Domain::Vector);
}

void Emitter::vector_splat(Op op, Value scalar, uint32_t to) {
  const ValType type = type_of_letter(wasm::info(op).signature.params[0]);
  scalar = settled(scalar);
  const Handler* row = handlers_.vector.splat[vector_family_of(op).index];
  Handler handler;
  const Source from = pick_one(row, kVectorTos, scalar, type, &handler);
  emit_vector(&row[index_of(from.from) * kVectorTos], Slots{from.slot, 0, static_cast<uint16_t>(to), 0},
              Domain::Vector);
}

void Emitter::vector_select(Value a, Value b, Value condition, uint32_t to) {
  condition = settled(condition);
  if (condition.is_const()) materialize(&condition, wasm::kI32);
  if (a.is_const()) materialize_vector(&a);
  if (b.is_const()) materialize_vector(&b);
  Source left = vector_place(a);
  Source right = vector_place(b);
  if (left.from == From::Acc && right.from == From::Acc) right.from = From::Slot;
  const Handler* row =
      handlers_.vector.data->select +
      (vector_index(left.from) * kVectorFroms + vector_index(right.from)) * kFromCount * kVectorTos;
  Handler handler;
  const Source test = pick_one(row, kVectorTos, condition, wasm::kI32, &handler);
  consume(left);
  consume(right);
  emit_vector(&row[index_of(test.from) * kVectorTos],
              Slots{left.slot, right.slot, static_cast<uint16_t>(to), test.slot}, Domain::Vector);
}

// --- Memory 0 with a 32-bit index ---

// Resolves the address for a row of [From of the address][inner] handlers; a constant goes into the offset.
Emitter::Source Emitter::vector_address(Value address, const Handler* row, uint32_t inner, uint32_t* offset,
                                        Handler* handler) {
  address = settled(address);
  if (address.is_const()) {
    const uint64_t sum = static_cast<uint32_t>(address.bits) + uint64_t{*offset};
    if (sum <= 0xffffffff && row[index_of(From::Const) * inner] != 0) {
      *offset = static_cast<uint32_t>(sum);
    } else {
      materialize(&address, wasm::kI32);
    }
  }
  return pick_one(row, inner, address, wasm::kI32, handler);
}

void Emitter::vector_load(Op op, const Value& address, uint32_t offset, uint32_t to) {
  const uint8_t family = vector_family_of(op).index;
  const auto d = static_cast<uint16_t>(to);
  const Handler* indexed = handlers_.vector.load_indexed[family];
  Source left, right;
  Handler handler;
  if (folded_address(indexed, kVectorTos, address, offset, &left, &right, &handler)) {
    const uint32_t at = (index_of(left.from) * kFromCount + index_of(right.from)) * kVectorTos;
    emit_vector(&indexed[at], Slots{left.slot, right.slot, d, static_cast<uint16_t>(offset)}, Domain::Vector);
    if (right.from == From::Const) word(right.constant);
    return;
  }
  const Handler* row = handlers_.vector.load[family];
  const Source from = vector_address(address, row, kVectorTos, &offset, &handler);
  emit_vector(&row[index_of(from.from) * kVectorTos], SlotsOffset{from.slot, d, offset});
}

void Emitter::vector_store(const Value& address, Value value, uint32_t offset) {
  if (value.is_const()) materialize_vector(&value);
  Source stored = vector_place(value);
  const uint32_t which = vector_index(stored.from);
  Source left, right;
  Handler handler;
  if (address.kind == Value::Kind::Sum && folded_address(handlers_.vector.store_indexed + which, kVectorFroms,
                                                         address, offset, &left, &right, &handler)) {
    consume(stored);
    emit(handler, pack(Slots{left.slot, right.slot, stored.slot, static_cast<uint16_t>(offset)}));
    if (right.from == From::Const) word(right.constant);
  } else {
    const Source from =
        vector_address(address, handlers_.vector.store + which, kVectorFroms, &offset, &handler);
    consume(stored);
    emit(handler, pack(SlotsOffset{from.slot, stored.slot, offset}));
  }
  seal();
}

void Emitter::vector_load_lane(Op op, Value address, Value vector, uint32_t offset, uint32_t lane,
                               uint32_t to) {
  if (vector.is_const()) materialize_vector(&vector);
  Handler handler;
  const Source from =
      vector_address(address, handlers_.vector.load_lane[vector_family_of(op).index], 1, &offset, &handler);
  emit(handler, pack(SlotsOffset{from.slot, static_cast<uint16_t>(to), offset}));
  word(pack(Slots{vector_place(vector).slot, static_cast<uint16_t>(lane), 0, 0}));
  wrote(Producer{}, Domain::Vector, to);
}

void Emitter::vector_store_lane(Op op, Value address, Value vector, uint32_t offset, uint32_t lane) {
  if (vector.is_const()) materialize_vector(&vector);
  Handler handler;
  const Source from =
      vector_address(address, handlers_.vector.store_lane[vector_family_of(op).index], 1, &offset, &handler);
  emit(handler, pack(SlotsOffset{from.slot, vector_place(vector).slot, offset}));
  word(pack(Slots{0, static_cast<uint16_t>(lane), 0, 0}));
  seal();
}

}  // namespace wherry::lower
