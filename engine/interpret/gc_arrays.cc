// New arrays, whole ranges of arrays, and the cold ways out of the fast handlers (core spec 4.4.3): operands in
// consecutive slots. Small arrays are made here, from the run of their size; large ones, and all of them when fuel is
// counted by size, by the runtime.
#include "engine/interpret/gc.h"

#include <algorithm>

#include "engine/interpret/runtime_call.h"

namespace wherry::interpret {
namespace {

// Of an instruction that makes an array.
struct NewArray {
  Slots slots;  // a: operands, b: shift of elements, d: whether fuel is counted, e: live slots.
  uint32_t type_id;
  uint32_t second;

  static NewArray at(const Cell* pc) {
    const auto* const fields = reinterpret_cast<const AliasU32*>(pc + 2);
    return {slots_at(pc + 1), fields[0], fields[1]};
  }
  uint64_t* live_end(uint64_t* fp) const { return slots.e == 0 ? nullptr : fp + slots.e; }
};

// From a run; null if that is empty, or the array large.
abi::ObjectHeader* make_small(Context* ctx, const NewArray& wanted, uint32_t length) {
  const uint64_t size_bytes = abi::kPayloadOffset + (uint64_t{length} << wanted.slots.b);
  if (wanted.slots.d != 0 || size_bytes > abi::kMaxCellBytes) return nullptr;
  const uint32_t size_class = abi::size_class_of(static_cast<uint32_t>(size_bytes));
  return abi::take_cell(ctx->store->heap, size_class, abi::cell_bytes_of(size_class), wanted.type_id, length);
}

template <class Element>
void fill(abi::ObjectHeader* array, uint64_t value) {
  std::fill_n(reinterpret_cast<Element*>(array + 1), array->length, static_cast<Element>(value));
}

void fill_elements(abi::ObjectHeader* array, uint32_t shift, const uint64_t* value) {
  switch (shift) {
    case 0: return fill<uint8_t>(array, value[0]);
    case 1: return fill<uint16_t>(array, value[0]);
    case 2: return fill<uint32_t>(array, value[0]);
    case 3: return fill<uint64_t>(array, value[0]);
    default: break;
  }
  auto* const payload = reinterpret_cast<uint8_t*>(array + 1);
  for (uint32_t i = 0; i < array->length; ++i) std::memcpy(payload + uint64_t{i} * 16, value, 16);
}

// One slot, or two of a vector, for each element.
void copy_slots(abi::ObjectHeader* array, uint32_t shift, const uint64_t* values) {
  auto* const payload = reinterpret_cast<uint8_t*>(array + 1);
  if (shift >= 3) {
    std::memcpy(payload, values, uint64_t{array->length} << shift);
    return;
  }
  // Little-endian: the element is the first bytes of its slot.
  for (uint32_t i = 0; i < array->length; ++i)
    std::memcpy(payload + (uint64_t{i} << shift), values + i, size_t{1} << shift);
}

}  // namespace

namespace gc {

#define WHERRY_OTHER(name) WHERRY_HANDLER name(WHERRY_ARGS)

// Value, length. A vector takes two slots.
WHERRY_OTHER(ArrayNew) {
  WHERRY_STATE;
  const NewArray wanted = NewArray::at(pc);
  uint64_t* const operands = fp + wanted.slots.a;
  const auto length = static_cast<uint32_t>(operands[wanted.slots.b == 4 ? 2 : 1]);
  if (abi::ObjectHeader* const made = make_small(ctx, wanted, length); made != nullptr) [[likely]] {
    fill_elements(made, wanted.slots.b, operands);
    operands[0] = reinterpret_cast<Ref>(made);
  } else {
    leave(ctx, pc, fp, meter);
    WHERRY_OR_TRAP(
        ctx->builtins->array_new(ctx, wanted.type_id, length, operands, wanted.live_end(fp), operands));
  }
  acc = operands[0];
  WHERRY_NEXT(3);
}

WHERRY_OTHER(ArrayNewDefault) {
  WHERRY_STATE;
  const NewArray wanted = NewArray::at(pc);
  uint64_t* const operands = fp + wanted.slots.a;
  const auto length = static_cast<uint32_t>(operands[0]);
  if (abi::ObjectHeader* const made = make_small(ctx, wanted, length); made != nullptr) [[likely]] {
    operands[0] = reinterpret_cast<Ref>(made);
  } else {
    leave(ctx, pc, fp, meter);
    WHERRY_OR_TRAP(
        ctx->builtins->array_new(ctx, wanted.type_id, length, nullptr, wanted.live_end(fp), operands));
  }
  acc = operands[0];
  WHERRY_NEXT(3);
}

WHERRY_OTHER(ArrayNewFixed) {
  WHERRY_STATE;
  const NewArray wanted = NewArray::at(pc);
  uint64_t* const operands = fp + wanted.slots.a;
  abi::ObjectHeader* made = make_small(ctx, wanted, wanted.second);
  if (made == nullptr) [[unlikely]] {
    leave(ctx, pc, fp, meter);
    Ref ref = abi::kNullRef;
    WHERRY_OR_TRAP(
        ctx->builtins->array_new(ctx, wanted.type_id, wanted.second, nullptr, wanted.live_end(fp), &ref));
    made = abi::header_of(ref);
  }
  copy_slots(made, wanted.slots.b, operands);
  operands[0] = acc = reinterpret_cast<Ref>(made);
  WHERRY_NEXT(3);
}

WHERRY_OTHER(ArrayNewData) {
  WHERRY_STATE;
  const NewArray wanted = NewArray::at(pc);
  uint64_t* const operands = fp + wanted.slots.a;
  leave(ctx, pc, fp, meter);
  WHERRY_OR_TRAP(
      ctx->builtins->array_new_data(ctx, wanted.type_id, wanted.second, static_cast<uint32_t>(operands[0]),
                                    static_cast<uint32_t>(operands[1]), wanted.live_end(fp), operands));
  acc = operands[0];
  WHERRY_NEXT(3);
}

WHERRY_OTHER(ArrayNewElem) {
  WHERRY_STATE;
  const NewArray wanted = NewArray::at(pc);
  uint64_t* const operands = fp + wanted.slots.a;
  leave(ctx, pc, fp, meter);
  WHERRY_OR_TRAP(
      ctx->builtins->array_new_elem(ctx, wanted.type_id, wanted.second, static_cast<uint32_t>(operands[0]),
                                    static_cast<uint32_t>(operands[1]), wanted.live_end(fp), operands));
  acc = operands[0];
  WHERRY_NEXT(3);
}

// --- Ranges: Slots{a: operands, b: slots of an element}, {type index, segment}. ---

WHERRY_OTHER(ArrayFill) {
  WHERRY_STATE;
  const Slots slots = slots_at(pc + 1);
  const uint64_t* const operands = fp + slots.a;
  leave(ctx, pc, fp, meter);
  WHERRY_OR_TRAP(ctx->builtins->array_fill(ctx, operands[0], static_cast<uint32_t>(operands[1]), operands + 2,
                                           static_cast<uint32_t>(operands[2 + slots.b])));
  WHERRY_NEXT(3);
}

WHERRY_OTHER(ArrayCopy) {
  WHERRY_STATE;
  const uint64_t* const operands = fp + slots_at(pc + 1).a;
  leave(ctx, pc, fp, meter);
  WHERRY_OR_TRAP(ctx->builtins->array_copy(ctx, operands[0], static_cast<uint32_t>(operands[1]), operands[2],
                                           static_cast<uint32_t>(operands[3]),
                                           static_cast<uint32_t>(operands[4])));
  WHERRY_NEXT(3);
}

WHERRY_OTHER(ArrayInitData) {
  WHERRY_STATE;
  const uint64_t* const operands = fp + slots_at(pc + 1).a;
  leave(ctx, pc, fp, meter);
  WHERRY_OR_TRAP(ctx->builtins->array_init_data(
      ctx, operands[0], static_cast<uint32_t>(operands[1]), reinterpret_cast<const AliasU32*>(pc + 2)[1],
      static_cast<uint32_t>(operands[2]), static_cast<uint32_t>(operands[3])));
  WHERRY_NEXT(3);
}

WHERRY_OTHER(ArrayInitElem) {
  WHERRY_STATE;
  const uint64_t* const operands = fp + slots_at(pc + 1).a;
  leave(ctx, pc, fp, meter);
  WHERRY_OR_TRAP(ctx->builtins->array_init_elem(
      ctx, operands[0], static_cast<uint32_t>(operands[1]), reinterpret_cast<const AliasU32*>(pc + 2)[1],
      static_cast<uint32_t>(operands[2]), static_cast<uint32_t>(operands[3])));
  WHERRY_NEXT(3);
}

// A structure that is larger than any cell: Slots{-, b: fields, d, e: live slots}, {type id, bytes}, pairs.
WHERRY_HANDLER struct_new_large(WHERRY_ARGS) {
  WHERRY_STATE;
  const Slots slots = slots_at(pc + 1);
  const auto* const type = reinterpret_cast<const AliasU32*>(pc + 2);
  leave(ctx, pc, fp, meter);
  abi::ObjectHeader* const made =
      ctx->builtins->allocate(ctx, type[0], 0, type[1], slots.e == 0 ? nullptr : fp + slots.e);
  WHERRY_TAKE_METER();
  if (made == nullptr) [[unlikely]]
    WHERRY_TRAP(TrapCode::OutOfMemory);
  const auto* const pair = reinterpret_cast<const AliasU16*>(pc + 3);
  auto* const fields = reinterpret_cast<uint64_t*>(made + 1);
  const uint32_t count = slots.b;
  for (uint32_t i = 0; i < count; ++i) fields[pair[2 * i]] = fp[pair[2 * i + 1]];
  fp[slots.d] = reinterpret_cast<Ref>(made);
  WHERRY_NEXT(3 + (count + 1) / 2);
}

}  // namespace gc

// --- Cold ways out ---

WHERRY_COLD WHERRY_HANDLER refill_run(WHERRY_ARGS) {
  WHERRY_STATE;
  leave(ctx, pc, fp, meter);
  const auto live = static_cast<uint32_t>(hand >> 32);
  const bool refilled =
      ctx->builtins->refill(ctx, static_cast<uint32_t>(hand), live == 0 ? nullptr : fp + live);
  WHERRY_TAKE_METER();
  if (!refilled) [[unlikely]]
    WHERRY_TRAP(TrapCode::OutOfMemory);
  WHERRY_DISPATCH();
}

template <uint32_t words>
WHERRY_COLD WHERRY_HANDLER after_ref_store(WHERRY_ARGS) {
  WHERRY_STATE;
  ctx->builtins->barrier(ctx, ctx->store->barrier_holder, hand);
  WHERRY_NEXT(words);
}

template WHERRY_HANDLER after_ref_store<2>(WHERRY_ARGS);
template WHERRY_HANDLER after_ref_store<3>(WHERRY_ARGS);

}  // namespace wherry::interpret
