#pragma once

#include <arm_neon.h>

#include "engine/interpret/simd_types.h"

// What vector operators do not say well, in AArch64's own instructions; the same functions as in simd_x86.h.
namespace wherry::interpret {

WHERRY_INLINE bool any_true(U64x2 x) { return vmaxvq_u32((uint32x4_t)x) != 0; }
// No lane is zero.
WHERRY_INLINE bool all_true(U8x16 x) { return vminvq_u8((uint8x16_t)x) != 0; }
WHERRY_INLINE bool all_true(U16x8 x) { return vminvq_u16((uint16x8_t)x) != 0; }
WHERRY_INLINE bool all_true(U32x4 x) { return vminvq_u32((uint32x4_t)x) != 0; }
WHERRY_INLINE bool all_true(U64x2 x) { return x[0] != 0 && x[1] != 0; }

// The sign of each lane is moved to a bit of its own, and the lanes are added.
WHERRY_INLINE uint32_t bitmask(S8x16 x) {
  const U8x16 bits = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  const U8x16 set = (U8x16)(x < 0) & bits;
  const uint8x16_t swapped = vextq_u8((uint8x16_t)set, (uint8x16_t)set, 8);
  return vaddvq_u16((uint16x8_t)vzip1q_u8((uint8x16_t)set, swapped));
}
WHERRY_INLINE uint32_t bitmask(S16x8 x) {
  const U16x8 bits = {1, 2, 4, 8, 16, 32, 64, 128};
  return vaddvq_u16((uint16x8_t)((U16x8)(x < 0) & bits));
}
WHERRY_INLINE uint32_t bitmask(S32x4 x) {
  const U32x4 bits = {1, 2, 4, 8};
  return vaddvq_u32((uint32x4_t)((U32x4)(x < 0) & bits));
}
WHERRY_INLINE uint32_t bitmask(S64x2 x) {
  return static_cast<uint32_t>(static_cast<uint64_t>(x[0]) >> 63 | static_cast<uint64_t>(x[1]) >> 63 << 1);
}

WHERRY_INLINE U8x16 average(U8x16 x, U8x16 y) { return (U8x16)vrhaddq_u8((uint8x16_t)x, (uint8x16_t)y); }
WHERRY_INLINE U16x8 average(U16x8 x, U16x8 y) { return (U16x8)vrhaddq_u16((uint16x8_t)x, (uint16x8_t)y); }
WHERRY_INLINE U8x16 count_bits(U8x16 x) { return (U8x16)vcntq_u8((uint8x16_t)x); }
WHERRY_INLINE S16x8 multiply_q15(S16x8 x, S16x8 y) {
  return (S16x8)vqrdmulhq_s16((int16x8_t)x, (int16x8_t)y);
}

WHERRY_INLINE S32x4 dot(S16x8 x, S16x8 y) {
  const int32x4_t low = vmull_s16(vget_low_s16((int16x8_t)x), vget_low_s16((int16x8_t)y));
  const int32x4_t high = vmull_high_s16((int16x8_t)x, (int16x8_t)y);
  return (S32x4)vpaddq_s32(low, high);
}
// Sums of two products, which wrap.
WHERRY_INLINE S16x8 dot(S8x16 x, S8x16 y) {
  const int16x8_t low = vmull_s8(vget_low_s8((int8x16_t)x), vget_low_s8((int8x16_t)y));
  const int16x8_t high = vmull_high_s8((int8x16_t)x, (int8x16_t)y);
  return (S16x8)vpaddq_s16(low, high);
}

WHERRY_INLINE S8x16 narrow_signed(S16x8 x, S16x8 y) {
  return (S8x16)vqmovn_high_s16(vqmovn_s16((int16x8_t)x), (int16x8_t)y);
}
WHERRY_INLINE S16x8 narrow_signed(S32x4 x, S32x4 y) {
  return (S16x8)vqmovn_high_s32(vqmovn_s32((int32x4_t)x), (int32x4_t)y);
}
WHERRY_INLINE U8x16 narrow_unsigned(S16x8 x, S16x8 y) {
  return (U8x16)vqmovun_high_s16(vqmovun_s16((int16x8_t)x), (int16x8_t)y);
}
WHERRY_INLINE U16x8 narrow_unsigned(S32x4 x, S32x4 y) {
  return (U16x8)vqmovun_high_s32(vqmovun_s32((int32x4_t)x), (int32x4_t)y);
}

WHERRY_INLINE S16x8 add_pairs(S8x16 x) { return (S16x8)vpaddlq_s8((int8x16_t)x); }
WHERRY_INLINE U16x8 add_pairs(U8x16 x) { return (U16x8)vpaddlq_u8((uint8x16_t)x); }
WHERRY_INLINE S32x4 add_pairs(S16x8 x) { return (S32x4)vpaddlq_s16((int16x8_t)x); }
WHERRY_INLINE U32x4 add_pairs(U16x8 x) { return (U32x4)vpaddlq_u16((uint16x8_t)x); }

// Lane numbers of 16 and more give 0.
WHERRY_INLINE U8x16 swizzle(U8x16 x, U8x16 lanes) {
  return (U8x16)vqtbl1q_u8((uint8x16_t)x, (uint8x16_t)lanes);
}
// Lane numbers below 32.
WHERRY_INLINE U8x16 shuffle(U8x16 x, U8x16 y, U8x16 lanes) {
  const uint8x16x2_t both = {{(uint8x16_t)x, (uint8x16_t)y}};
  return (U8x16)vqtbl2q_u8(both, (uint8x16_t)lanes);
}
// Lane numbers below 16.
WHERRY_INLINE U8x16 shuffle_one(U8x16 x, U8x16 lanes) { return swizzle(x, lanes); }

// fmin and fmax are the specification's.
WHERRY_INLINE F32x4 float_min(F32x4 x, F32x4 y) { return (F32x4)vminq_f32((float32x4_t)x, (float32x4_t)y); }
WHERRY_INLINE F64x2 float_min(F64x2 x, F64x2 y) { return (F64x2)vminq_f64((float64x2_t)x, (float64x2_t)y); }
WHERRY_INLINE F32x4 float_max(F32x4 x, F32x4 y) { return (F32x4)vmaxq_f32((float32x4_t)x, (float32x4_t)y); }
WHERRY_INLINE F64x2 float_max(F64x2 x, F64x2 y) { return (F64x2)vmaxq_f64((float64x2_t)x, (float64x2_t)y); }

// Conversions saturate and make NaN 0.
WHERRY_INLINE S32x4 truncate_signed(F32x4 x) { return (S32x4)vcvtq_s32_f32((float32x4_t)x); }
WHERRY_INLINE U32x4 truncate_unsigned(F32x4 x) { return (U32x4)vcvtq_u32_f32((float32x4_t)x); }
WHERRY_INLINE S32x4 truncate_signed(F64x2 x) {
  return (S32x4)vcombine_s32(vqmovn_s64(vcvtq_s64_f64((float64x2_t)x)), vdup_n_s32(0));
}
WHERRY_INLINE U32x4 truncate_unsigned(F64x2 x) {
  return (U32x4)vcombine_u32(vqmovn_u64(vcvtq_u64_f64((float64x2_t)x)), vdup_n_u32(0));
}

}  // namespace wherry::interpret
