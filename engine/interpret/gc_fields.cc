// Fields of structures: Slots{a, value or d, ..., e: field}. A field has a slot of its own, so reading one is a load of 8
// bytes at a distance that is part of the instruction, whatever the type; only packed ones that are read with their sign
// are narrower.
#include "engine/interpret/gc.h"

namespace wherry::interpret {
namespace {

template <FieldKind kind, From a, To to>
WHERRY_HOT WHERRY_HANDLER struct_get(WHERRY_ARGS) {
  WHERRY_STATE;
  const Slots slots = slots_at(pc + 1);
  const Ref ref = WHERRY_GET(uint64_t, a, slots.a, 0);
  if (ref == abi::kNullRef) [[unlikely]]
    WHERRY_TRAP(TrapCode::NullStructReference);
  typename Field<kind>::Memory value;
  std::memcpy(&value, field_at(ref, slots.e), sizeof value);
  WHERRY_PUT(typename Field<kind>::Value, to, slots.d, extend<kind>(value));
  WHERRY_NEXT(2);
}

// A value as a field's slot holds it: zeros above what the type has.
template <FieldKind kind>
WHERRY_INLINE uint64_t slot_of(typename Field<kind>::Value value) {
  if constexpr (kind == FieldKind::F32) {
    return std::bit_cast<uint32_t>(value);
  } else if constexpr (kind == FieldKind::F64) {
    return std::bit_cast<uint64_t>(value);
  } else {
    return static_cast<typename Field<kind>::Memory>(value);
  }
}

template <FieldKind kind, From a, From value>
WHERRY_HOT WHERRY_HANDLER struct_set(WHERRY_ARGS) {
  WHERRY_STATE;
  constexpr uint32_t kWords = value == From::Const ? 3 : 2;
  const Slots slots = slots_at(pc + 1);
  const Ref ref = WHERRY_GET(uint64_t, a, slots.a, 0);
  if (ref == abi::kNullRef) [[unlikely]]
    WHERRY_TRAP(TrapCode::NullStructReference);
  const auto stored = WHERRY_GET(typename Field<kind>::Value, value, slots.b, pc[kWords - 1]);
  *field_at(ref, slots.e) = slot_of<kind>(stored);
  if constexpr (kind == FieldKind::Ref && value != From::Const) WHERRY_BARRIER(ref, stored, kWords);
  WHERRY_NEXT(kWords);
}

WHERRY_HOT WHERRY_HANDLER struct_get_vector(WHERRY_ARGS) {
  WHERRY_STATE;
  const Slots slots = slots_at(pc + 1);
  const Ref ref = fp[slots.a];
  if (ref == abi::kNullRef) [[unlikely]]
    WHERRY_TRAP(TrapCode::NullStructReference);
  std::memcpy(fp + slots.d, field_at(ref, slots.e), 16);
  WHERRY_NEXT(2);
}

WHERRY_HOT WHERRY_HANDLER struct_set_vector(WHERRY_ARGS) {
  WHERRY_STATE;
  const Slots slots = slots_at(pc + 1);
  const Ref ref = fp[slots.a];
  if (ref == abi::kNullRef) [[unlikely]]
    WHERRY_TRAP(TrapCode::NullStructReference);
  std::memcpy(field_at(ref, slots.e), fp + slots.b, 16);
  WHERRY_NEXT(2);
}

template <FieldKind kind>
struct GetEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    constexpr From a = from_at(index / kTos);
    constexpr To to = to_at(index);
    if constexpr (kind == FieldKind::V128) {
      return index == 0 ? word_of(&struct_get_vector) : 0;
    } else if constexpr (has_produced(kIsFloatField<kind>, a, to)) {
      return word_of(&struct_get<kind, a, to>);
    } else {
      return 0;
    }
  }
};

template <FieldKind kind>
struct SetEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    constexpr From a = from_at(index / kFroms);
    constexpr From value = from_at(index);
    constexpr bool is_same_register = a == value && a != From::Slot;
    if constexpr (kind == FieldKind::V128) {
      return index == 0 ? word_of(&struct_set_vector) : 0;
    } else if constexpr (a == From::Const || (kIsFloatField<kind> ? is_pin(value) : is_same_register)) {
      return 0;
    } else {
      return word_of(&struct_set<kind, a, value>);
    }
  }
};

}  // namespace

template <FieldKind kind>
constinit const Row<kFroms * kTos> StructRow<kind>::get = make_row<kFroms * kTos>(GetEntry<kind>());
template <FieldKind kind>
constinit const Row<kFroms * kFroms> StructRow<kind>::set = make_row<kFroms * kFroms>(SetEntry<kind>());

#define FIELD(kind) template struct StructRow<FieldKind::kind>;
FIELD(Word)
FIELD(Ref)
FIELD(Byte)
FIELD(ByteS)
FIELD(Short)
FIELD(ShortS)
FIELD(F32)
FIELD(F64)
FIELD(V128)
#undef FIELD

}  // namespace wherry::interpret
