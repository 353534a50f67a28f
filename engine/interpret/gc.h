#pragma once

#include "engine/abi/heap.h"
#include "engine/interpret/cold.h"
#include "engine/interpret/rows.h"
#include "engine/lower/handler_table.h"
#include "engine/wasm/type_registry.h"

// Structures, arrays and casts (core spec 4.4.3): what the files of their handlers share. Which kinds of fields have
// rows is said in engine/lower/handler_table.h.
namespace wherry::interpret {

using abi::Ref;
using lower::CastTarget;
using lower::FieldKind;
using wasm::TrapCode;

// What lies in memory, what the instruction works with.
template <FieldKind kind>
struct Field {
  using Memory = uint64_t;
  using Value = uint64_t;
};
#define WHERRY_FIELD(kind, memory, value) \
  template <>                             \
  struct Field<FieldKind::kind> {         \
    using Memory = memory;                \
    using Value = value;                  \
  }
WHERRY_FIELD(Byte, uint8_t, uint32_t);
WHERRY_FIELD(ByteS, int8_t, uint32_t);
WHERRY_FIELD(Short, uint16_t, uint32_t);
WHERRY_FIELD(ShortS, int16_t, uint32_t);
WHERRY_FIELD(Int, uint32_t, uint32_t);
WHERRY_FIELD(F32, float, float);
WHERRY_FIELD(F64, double, double);
#undef WHERRY_FIELD

// Signed ones are extended to 32 bits.
template <FieldKind kind>
WHERRY_INLINE typename Field<kind>::Value extend(typename Field<kind>::Memory value) {
  if constexpr (std::is_signed_v<typename Field<kind>::Memory> &&
                std::is_integral_v<typename Field<kind>::Memory>) {
    return static_cast<uint32_t>(static_cast<int32_t>(value));
  } else {
    return static_cast<typename Field<kind>::Value>(value);
  }
}

template <FieldKind kind>
inline constexpr bool kIsFloatField = kind == FieldKind::F32 || kind == FieldKind::F64;

// SAFETY: validation has seen that the reference is to an object of a type that has the field, or null.
WHERRY_INLINE uint64_t* field_at(Ref ref, uint32_t slot) { return abi::slots_of(ref) + slot; }

// [a][to] of an operand that is a reference or an i32.
constexpr bool has_produced(bool is_float, From a, To to) {
  return a != From::Const && !(is_float && is_pin(to));
}

// Rows by kind; made in gc_fields.cc, gc_array_get.cc, gc_array_set.cc and gc_casts.cc.
template <FieldKind kind>
struct StructRow {
  static const Row<kFroms * kTos> get;
  static const Row<kFroms * kFroms> set;
};
template <FieldKind kind>
struct ArrayGetRow {
  static const Row<kFroms * kFroms * kTos> row;
};
template <FieldKind kind>
struct ArraySetRow {
  static const Row<kFroms * kFroms * kFroms> row;
};

template <class Unused>
struct CastRows {
  static const Row<kFroms * kTos> test[3];
  static const Row<kFroms> cast[3];
  static const Row<kFroms> branch[2][3];
  static const Row<kTos> struct_new[lower::kStructNewForms];
  static const Row<kFroms * kTos> array_len;
  static const Row<kFroms * kTos> ref_i31;
  static const Row<kFroms * kTos> i31_get[2];
};

// Cold ways out. Of a store of a reference while somebody marks: hand is the reference, StoreState::barrier_holder what
// holds it now; goes on `words` further. Of an allocation whose run is empty: hand is the size class, and in its upper
// half the frame's live slots; does the instruction again.
template <uint32_t words>
WHERRY_HANDLER after_ref_store(WHERRY_ARGS);
WHERRY_HANDLER refill_run(WHERRY_ARGS);

#define WHERRY_BARRIER(holder, value, words)        \
  do {                                              \
    if (ctx->store->gc_barrier != 0) [[unlikely]] { \
      ctx->store->barrier_holder = (holder);        \
      hand = (value);                               \
      WHERRY_TAIL(after_ref_store<(words)>);        \
    }                                               \
  } while (0)

namespace gc {
#define OTHER(name) WHERRY_HANDLER name(WHERRY_ARGS);
#include "engine/interpret/gc.inc"
WHERRY_HANDLER struct_new_large(WHERRY_ARGS);
}  // namespace gc

}  // namespace wherry::interpret
