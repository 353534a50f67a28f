// Elements of arrays, written: Slots{a, b: index, d: value}. At most one operand comes from the accumulator, and with a
// constant value the others come from slots: further forms are rare, and every one of them is code.
#include "engine/interpret/gc.h"

namespace wherry::interpret {
namespace {

template <FieldKind kind, From a, From b, From value>
WHERRY_HOT WHERRY_HANDLER array_set(WHERRY_ARGS) {
  WHERRY_STATE;
  constexpr uint32_t kWords = 2 + (b == From::Const) + (value == From::Const);
  using Memory = typename Field<kind>::Memory;
  const Slots slots = slots_at(pc + 1);
  const Ref ref = WHERRY_GET(uint64_t, a, slots.a, 0);
  const uint32_t index = WHERRY_GET(uint32_t, b, slots.b, pc[2]);
  if (ref == abi::kNullRef) [[unlikely]]
    WHERRY_TRAP(TrapCode::NullArrayReference);
  if (index >= abi::header_of(ref)->length) [[unlikely]]
    WHERRY_TRAP(TrapCode::ArrayOutOfBounds);
  const auto given = WHERRY_GET(typename Field<kind>::Value, value, slots.d, pc[kWords - 1]);
  const auto stored = static_cast<Memory>(given);
  std::memcpy(abi::payload_of(ref) + uint64_t{index} * sizeof(Memory), &stored, sizeof stored);
  if constexpr (kind == FieldKind::Ref && value != From::Const) WHERRY_BARRIER(ref, given, kWords);
  WHERRY_NEXT(kWords);
}

WHERRY_HOT WHERRY_HANDLER array_set_vector(WHERRY_ARGS) {
  WHERRY_STATE;
  const Slots slots = slots_at(pc + 1);
  const Ref ref = fp[slots.a];
  const auto index = static_cast<uint32_t>(fp[slots.b]);
  if (ref == abi::kNullRef) [[unlikely]]
    WHERRY_TRAP(TrapCode::NullArrayReference);
  if (index >= abi::header_of(ref)->length) [[unlikely]]
    WHERRY_TRAP(TrapCode::ArrayOutOfBounds);
  std::memcpy(abi::payload_of(ref) + uint64_t{index} * 16, fp + slots.d, 16);
  WHERRY_NEXT(2);
}

constexpr bool has(bool is_float, From a, From b, From value) {
  if (a == From::Const || (is_float && is_pin(value))) return false;
  if (a == b && a != From::Slot) return false;
  if (!is_float && value != From::Slot && value != From::Const && (value == a || value == b)) return false;
  if (value == From::Const) return a != From::Acc && !(b == From::Acc && is_pin(a));
  return true;
}

template <FieldKind kind>
struct Entry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    constexpr From a = from_at(index / kFroms / kFroms);
    constexpr From b = from_at(index / kFroms);
    constexpr From value = from_at(index);
    if constexpr (kind == FieldKind::V128) {
      return index == 0 ? word_of(&array_set_vector) : 0;
    } else if constexpr (has(kIsFloatField<kind>, a, b, value)) {
      return word_of(&array_set<kind, a, b, value>);
    } else {
      return 0;
    }
  }
};

}  // namespace

template <FieldKind kind>
constinit const Row<kFroms * kFroms * kFroms> ArraySetRow<kind>::row =
    make_row<kFroms * kFroms * kFroms>(Entry<kind>());

#define ELEMENT(kind) template struct ArraySetRow<FieldKind::kind>;
ELEMENT(Word)
ELEMENT(Ref)
ELEMENT(Byte)
ELEMENT(Short)
ELEMENT(Int)
ELEMENT(F32)
ELEMENT(F64)
ELEMENT(V128)
#undef ELEMENT

}  // namespace wherry::interpret
