// Loads and stores of memory 0 with a 32-bit index: address folding.
//
// Three forms of address fold into the access: a constant (into the offset), a pending sum of locals (Value::Sum),
// and an addition that was emitted just before (which is taken back). Offsets of indexed forms have 16 bits.
#include "engine/lower/emitter.h"

namespace wherry::lower {
namespace {

using wasm::Op;
using wasm::ValType;

constexpr uint32_t at(From a, From b) {
  return static_cast<uint32_t>(a) * kFromCount + static_cast<uint32_t>(b);
}
constexpr uint32_t kLargestIndexedOffset = 0xffff;

}  // namespace

// The two operands of a load's address and the form of `block` that takes them, if there is one.
bool Emitter::folded_address(const Handler* block, uint32_t inner, const Value& address, uint32_t offset,
                             Source* left_out, Source* right_out, Handler* handler_out) {
  if (!options_.address_folding || offset > kLargestIndexedOffset) return false;
  Source left, right;
  Handler handler = 0;
  if (address.kind == Value::Kind::Sum) {
    left = source(address.sum_left(), Domain::Int);
    right = source(address.sum_right(), Domain::Int);
    handler = pick_two(block, inner, &left, &right);
  } else if (last_made(address) && last_.form == Form::Binary && last_.op == Op::I32Add) {
    handler = block[at(last_.a, last_.b) * inner];
    if (handler == 0) return false;
    const Slots slots = slots_of_last();
    left = {.from = last_.a, .slot = slots.a};
    right = {.from = last_.b, .slot = slots.b};
    if (last_.b == From::Const) right.constant = constant_of(last_);
    undo_last(address.slot);
  }
  *left_out = left;
  *right_out = right;
  *handler_out = handler;
  return handler != 0;
}

bool Emitter::load_indexed(Op op, const Value& address, uint32_t offset, uint32_t to) {
  const Handler* const block = handlers_.load_indexed[family_of(op).index];
  Source left, right;
  Handler handler;
  if (!folded_address(block, kToCount, address, offset, &left, &right, &handler)) return false;
  const Handler* const by_to = block + at(left.from, right.from) * kToCount;
  const Producer producer{by_to, size(), op, Form::LoadIndexed, left.from, right.from};
  emit(handler, pack(Slots{left.slot, right.slot, static_cast<uint16_t>(to), static_cast<uint16_t>(offset)}));
  if (right.from == From::Const) word(right.constant);
  wrote(producer, result_domain(op), to);
  return true;
}

void Emitter::load(Op op, const Value& address, uint32_t offset, uint32_t to) {
  if (load_indexed(op, address, offset, to)) return;
  Value base = settled(address);
  const Handler* const block = handlers_.load[family_of(op).index];
  if (base.is_const()) {
    const uint64_t sum = static_cast<uint32_t>(base.bits) + uint64_t{offset};
    if (sum <= 0xffffffff && block[static_cast<uint32_t>(From::Const) * kToCount] != 0) {
      offset = static_cast<uint32_t>(sum);
    } else {
      materialize(&base, wasm::kI32);
    }
  }
  Handler handler;
  const Source from = pick_one(block, kToCount, base, wasm::kI32, &handler);
  const Producer producer{block + static_cast<uint32_t>(from.from) * kToCount, size(), op, Form::Load,
                          from.from};
  emit(handler, pack(SlotsOffset{from.slot, static_cast<uint16_t>(to), offset}));
  wrote(producer, result_domain(op), to);
}

bool Emitter::store_indexed(Op op, const Value& address, const Value& value, uint32_t offset) {
  if (!options_.address_folding || offset > kLargestIndexedOffset || address.kind != Value::Kind::Sum)
    return false;
  const ValType type = second_type(op);
  const bool both_const = value.is_const() && !address.sum_of_locals;
  if (both_const && type != wasm::kI32 && type != wasm::kF32) return false;
  const Handler* block = handlers_.store_indexed[family_of(op).index];
  Source left = source(address.sum_left(), Domain::Int);
  Source right = source(address.sum_right(), Domain::Int);
  Source stored = source(value, type);
  Handler handler = 0;
  const From slot_right = right.from == From::Const ? From::Const : From::Slot;
  const From slot_stored = stored.from == From::Const ? From::Const : From::Slot;
  const From choices[4][3] = {{left.from, right.from, stored.from},
                              {left.from, right.from, slot_stored},
                              {From::Slot, slot_right, stored.from},
                              {From::Slot, slot_right, slot_stored}};
  for (const auto& choice : choices) {
    handler = block[at(choice[0], choice[1]) * kFromCount + static_cast<uint32_t>(choice[2])];
    if (handler == 0) continue;
    left.from = choice[0];
    right.from = choice[1];
    stored.from = choice[2];
    break;
  }
  if (handler == 0) return false;
  consume(stored);
  emit(handler, pack(Slots{left.slot, right.slot, stored.slot, static_cast<uint16_t>(offset)}));
  if (both_const) {
    word((right.constant & 0xffffffff) | stored.constant << 32);
  } else if (right.from == From::Const) {
    word(right.constant & 0xffffffff);
  } else if (stored.from == From::Const) {
    word(stored.constant);
  }
  seal();
  return true;
}

void Emitter::store(Op op, const Value& address, const Value& value, uint32_t offset) {
  const ValType type = second_type(op);
  Value stored = settled(value);
  if (store_indexed(op, address, stored, offset)) return;
  Value base = settled(address);
  const Handler* block = handlers_.store[family_of(op).index];
  if (base.is_const()) {
    const uint64_t sum = static_cast<uint32_t>(base.bits) + uint64_t{offset};
    if (sum <= 0xffffffff && block[at(From::Const, From::Slot)] != 0) {
      offset = static_cast<uint32_t>(sum);
    } else {
      materialize(&base, wasm::kI32);
    }
  }
  Source left = source(base, wasm::kI32);
  Source right = source(stored, type);
  Handler handler = pick_two(block, 1, &left, &right);
  if (handler == 0) {  // A constant that this store cannot take as an operand.
    materialize(&stored, type);
    left = source(base, wasm::kI32);
    right = source(stored, type);
    handler = pick_two(block, 1, &left, &right);
  }
  consume(left);
  consume(right);
  emit(handler, pack(SlotsOffset{left.slot, right.slot, offset}));
  if (right.from == From::Const) word(right.constant);
  seal();
}

}  // namespace wherry::lower
