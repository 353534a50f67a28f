#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "engine/interpret/dispatch.h"

// The shapes of a v128, and what every processor does to them by clang's vector operators. What needs instructions of
// its own is in simd_x86.h and simd_neon.h, which have the same functions.
namespace wherry::interpret {

#define WHERRY_VECTOR_TYPE(name, lane, size) typedef lane name __attribute__((vector_size(size)))
WHERRY_VECTOR_TYPE(S8x16, int8_t, 16);
WHERRY_VECTOR_TYPE(U8x16, uint8_t, 16);
WHERRY_VECTOR_TYPE(S16x8, int16_t, 16);
WHERRY_VECTOR_TYPE(U16x8, uint16_t, 16);
WHERRY_VECTOR_TYPE(S32x4, int32_t, 16);
WHERRY_VECTOR_TYPE(U32x4, uint32_t, 16);
WHERRY_VECTOR_TYPE(S64x2, int64_t, 16);
WHERRY_VECTOR_TYPE(U64x2, uint64_t, 16);
WHERRY_VECTOR_TYPE(F32x4, float, 16);
WHERRY_VECTOR_TYPE(F64x2, double, 16);
// Halves: what widening instructions read.
WHERRY_VECTOR_TYPE(S8x8, int8_t, 8);
WHERRY_VECTOR_TYPE(U8x8, uint8_t, 8);
WHERRY_VECTOR_TYPE(S16x4, int16_t, 8);
WHERRY_VECTOR_TYPE(U16x4, uint16_t, 8);
WHERRY_VECTOR_TYPE(S32x2, int32_t, 8);
WHERRY_VECTOR_TYPE(U32x2, uint32_t, 8);
WHERRY_VECTOR_TYPE(F32x2, float, 8);
#undef WHERRY_VECTOR_TYPE

// The type of a vector's lanes.
template <class T>
using LaneOf = std::remove_cvref_t<decltype(T{}[0])>;
template <class T>
inline constexpr uint32_t kLanes = sizeof(T) / sizeof(LaneOf<T>);

template <class T>
WHERRY_INLINE T splat(LaneOf<T> value) {
  return T{} + value;
}
// Floats: -0 + 0 would lose its sign.
template <>
WHERRY_INLINE F32x4 splat<F32x4>(float value) {
  return F32x4{value, value, value, value};
}
template <>
WHERRY_INLINE F64x2 splat<F64x2>(double value) {
  return F64x2{value, value};
}

template <class U>
WHERRY_INLINE U sign_bits() {
  return splat<U>(LaneOf<U>(1) << (sizeof(LaneOf<U>) * 8 - 1));
}

template <class T>
WHERRY_INLINE auto low_half(T x) {
  if constexpr (kLanes<T> == 16)
    return __builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7);
  else if constexpr (kLanes<T> == 8)
    return __builtin_shufflevector(x, x, 0, 1, 2, 3);
  else
    return __builtin_shufflevector(x, x, 0, 1);
}

template <class T>
WHERRY_INLINE auto high_half(T x) {
  if constexpr (kLanes<T> == 16)
    return __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15);
  else if constexpr (kLanes<T> == 8)
    return __builtin_shufflevector(x, x, 4, 5, 6, 7);
  else
    return __builtin_shufflevector(x, x, 2, 3);
}

// Products of twice the width: cannot overflow.
template <class Wide, class Half>
WHERRY_INLINE Wide multiply_wide(Half x, Half y) {
  return __builtin_convertvector(x, Wide) * __builtin_convertvector(y, Wide);
}

WHERRY_INLINE F32x4 demote(F64x2 x) {
  const F32x2 half = __builtin_convertvector(x, F32x2);
  return __builtin_shufflevector(half, F32x2{}, 0, 1, 2, 3);
}

// Bits of x where the mask has ones, else of y.
WHERRY_INLINE U64x2 choose_bits(U64x2 x, U64x2 y, U64x2 mask) { return (x & mask) | (y & ~mask); }

// --- v128 in slots: two of them, aligned to 8 bytes. SAFETY: as for any slot, lowering keeps them inside the frame. ---

WHERRY_INLINE V128 vector_at(const uint64_t* slot) {
  V128 value;
  std::memcpy(&value, slot, sizeof value);
  return value;
}
WHERRY_INLINE void set_vector(uint64_t* slot, V128 value) { std::memcpy(slot, &value, sizeof value); }

}  // namespace wherry::interpret
