// Instructions on objects: the same choice among forms as arithmetic has, with rows that the caller names.
#include "engine/lower/emitter.h"

namespace wherry::lower {
namespace {

using wasm::Op;
using wasm::ValType;

constexpr uint32_t index_of(From from) { return static_cast<uint32_t>(from); }
constexpr uint32_t at(From a, From b) { return index_of(a) * kFromCount + index_of(b); }

}  // namespace

void Emitter::produce(const Handler* block, Op op, Value a, ValType type, uint16_t e, Domain result,
                      uint32_t to, const Cell* extra) {
  if (!a.is_temp() && a.kind != Value::Kind::Local) materialize(&a, type);
  Handler handler;
  const Source from = pick_one(block, kToCount, a, type, &handler);
  const Producer producer{block + index_of(from.from) * kToCount, size(), op, Form::Object, from.from};
  emit(handler, pack(Slots{from.slot, 0, static_cast<uint16_t>(to), e}));
  if (extra != nullptr) word(*extra);
  wrote(producer, result, to);
}

void Emitter::produce(const Handler* block, Op op, Value a, Value b, ValType type, ValType second,
                      Domain result, uint32_t to) {
  b = settled(b);
  if (a.is_const()) materialize(&a, type);
  Source left = source(a, type);
  Source right = source(b, second);
  if (pick_two(block, kToCount, &left, &right) == 0) {
    materialize(&b, second);
    left = source(a, type);
    right = source(b, second);
    pick_two(block, kToCount, &left, &right);
  }
  consume(left);
  consume(right);
  const Handler* const by_to = block + at(left.from, right.from) * kToCount;
  const Producer producer{by_to, size(), op, Form::Object, left.from, right.from};
  emit(*by_to, pack(Slots{left.slot, right.slot, static_cast<uint16_t>(to), 0}));
  if (right.from == From::Const) word(right.constant);
  wrote(producer, result, to);
}

void Emitter::produce(const Handler* block, Op op, Slots slots, Cell extra, std::span<const uint32_t> pairs) {
  const Producer producer{block, size(), op, Form::Object};
  emit(block[static_cast<uint32_t>(To::Slot)], pack(slots));
  word(extra);
  for (size_t i = 0; i < pairs.size(); i += 2) {
    word(pairs[i] | (i + 1 < pairs.size() ? uint64_t{pairs[i + 1]} << 32 : 0));
  }
  wrote(producer, Domain::Int, slots.d);
}

void Emitter::put_field(const Handler* block, Value a, ValType type, Value value, ValType field, uint16_t e) {
  value = settled(value);
  if (a.is_const()) materialize(&a, type);
  Source left = source(a, type);
  Source right = source(value, field);
  Handler handler = pick_two(block, 1, &left, &right);
  if (handler == 0) {
    materialize(&value, field);
    left = source(a, type);
    right = source(value, field);
    handler = pick_two(block, 1, &left, &right);
  }
  consume(left);
  consume(right);
  emit(handler, pack(Slots{left.slot, right.slot, 0, e}));
  if (right.from == From::Const) word(right.constant);
  seal();
}

void Emitter::put_element(const Handler* block, Value a, ValType type, Value index, Value value,
                          ValType element) {
  index = settled(index);
  value = settled(value);
  if (a.is_const()) materialize(&a, type);
  if (block[at(From::Slot, From::Slot) * kFromCount + index_of(From::Const)] == 0 && value.is_const()) {
    materialize(&value, element);
  }
  if (block[at(From::Slot, From::Const) * kFromCount] == 0 && index.is_const()) {
    materialize(&index, wasm::kI32);
  }
  Source left = source(a, type);
  Source middle = source(index, wasm::kI32);
  Source stored = source(value, element);
  const From slot_middle = middle.from == From::Const ? From::Const : From::Slot;
  const From slot_stored = stored.from == From::Const ? From::Const : From::Slot;
  const From choices[][3] = {{left.from, middle.from, stored.from},  {left.from, middle.from, slot_stored},
                             {From::Slot, middle.from, stored.from}, {left.from, slot_middle, stored.from},
                             {From::Slot, slot_middle, stored.from}, {From::Slot, slot_middle, slot_stored}};
  Handler handler = 0;
  for (const auto& choice : choices) {
    handler = block[at(choice[0], choice[1]) * kFromCount + index_of(choice[2])];
    if (handler == 0) continue;
    left.from = choice[0];
    middle.from = choice[1];
    stored.from = choice[2];
    break;
  }
  for (const Source& source : {left, middle, stored}) consume(source);
  emit(handler, pack(Slots{left.slot, middle.slot, stored.slot, 0}));
  if (middle.from == From::Const) word(middle.constant);
  if (stored.from == From::Const) word(stored.constant);
  seal();
}

// The reference is used again: its store may not be dropped.
Emitter::Source Emitter::source_for_branch(const Handler* by_from, const Value& reference,
                                           Handler* handler) const {
  Source from = source(reference, Domain::Int);
  from.from_producer = false;
  *handler = by_from[index_of(from.from)];
  if (*handler == 0) {
    from.from = From::Slot;
    *handler = by_from[index_of(From::Slot)];
  }
  return from;
}

void Emitter::check_reference(const Handler* by_from, const Value& reference, Cell extra) {
  Handler handler;
  const Source from = source_for_branch(by_from, reference, &handler);
  emit(handler, pack(Slots{from.slot, 0, 0, 0}));
  word(extra);
  seal();
}

Emitter::Patch Emitter::branch_on_reference(const Handler* by_from, const Value& reference, Cell extra) {
  Handler handler;
  const Source from = source_for_branch(by_from, reference, &handler);
  const uint32_t base = emit(handler, pack(SlotsBranch{from.slot, 0, 0}));
  word(extra);
  seal();
  return {base, (base + 1) * 2 + 1};
}

}  // namespace wherry::lower
