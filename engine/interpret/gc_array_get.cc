// Elements of arrays, read: Slots{a, b: index, d}. The index is an i32 and so is the length: one comparison.
#include "engine/interpret/gc.h"

namespace wherry::interpret {
namespace {

template <FieldKind kind, From a, From b, To to>
WHERRY_HOT WHERRY_HANDLER array_get(WHERRY_ARGS) {
  WHERRY_STATE;
  constexpr uint32_t kWords = b == From::Const ? 3 : 2;
  using Memory = typename Field<kind>::Memory;
  const Slots slots = slots_at(pc + 1);
  const Ref ref = WHERRY_GET(uint64_t, a, slots.a, 0);
  const uint32_t index = WHERRY_GET(uint32_t, b, slots.b, pc[kWords - 1]);
  if (ref == abi::kNullRef) [[unlikely]]
    WHERRY_TRAP(TrapCode::NullArrayReference);
  if (index >= abi::header_of(ref)->length) [[unlikely]]
    WHERRY_TRAP(TrapCode::ArrayOutOfBounds);
  Memory value;
  std::memcpy(&value, abi::payload_of(ref) + uint64_t{index} * sizeof(Memory), sizeof value);
  WHERRY_PUT(typename Field<kind>::Value, to, slots.d, extend<kind>(value));
  WHERRY_NEXT(kWords);
}

WHERRY_HOT WHERRY_HANDLER array_get_vector(WHERRY_ARGS) {
  WHERRY_STATE;
  const Slots slots = slots_at(pc + 1);
  const Ref ref = fp[slots.a];
  const auto index = static_cast<uint32_t>(fp[slots.b]);
  if (ref == abi::kNullRef) [[unlikely]]
    WHERRY_TRAP(TrapCode::NullArrayReference);
  if (index >= abi::header_of(ref)->length) [[unlikely]]
    WHERRY_TRAP(TrapCode::ArrayOutOfBounds);
  std::memcpy(fp + slots.d, abi::payload_of(ref) + uint64_t{index} * 16, 16);
  WHERRY_NEXT(2);
}

template <FieldKind kind>
struct Entry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    constexpr From a = from_at(index / kTos / kFroms);
    constexpr From b = from_at(index / kTos);
    constexpr To to = to_at(index);
    constexpr bool is_same_register = a == b && a != From::Slot;
    if constexpr (kind == FieldKind::V128) {
      return index == 0 ? word_of(&array_get_vector) : 0;
    } else if constexpr (is_same_register || !has_produced(kIsFloatField<kind>, a, to)) {
      return 0;
    } else {
      return word_of(&array_get<kind, a, b, to>);
    }
  }
};

}  // namespace

template <FieldKind kind>
constinit const Row<kFroms * kFroms * kTos> ArrayGetRow<kind>::row =
    make_row<kFroms * kFroms * kTos>(Entry<kind>());

#define ELEMENT(kind) template struct ArrayGetRow<FieldKind::kind>;
ELEMENT(Word)
ELEMENT(Byte)
ELEMENT(ByteS)
ELEMENT(Short)
ELEMENT(ShortS)
ELEMENT(Int)
ELEMENT(F32)
ELEMENT(F64)
ELEMENT(V128)
#undef ELEMENT

}  // namespace wherry::interpret
