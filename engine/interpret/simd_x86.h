#pragma once

#include <smmintrin.h>

#include "engine/interpret/simd_types.h"

// What vector operators do not say well, in SSE4.1: the oldest processor that Wherry runs on has it. simd_neon.h has the
// same functions; tests/matrix compares every instruction with its meaning, lane by lane.
namespace wherry::interpret {

WHERRY_INLINE __m128i as_int(auto x) { return (__m128i)x; }

WHERRY_INLINE bool any_true(U64x2 x) { return !_mm_testz_si128(as_int(x), as_int(x)); }
// No lane is zero.
WHERRY_INLINE bool all_true(auto x) {
  const auto zeros = as_int(x == decltype(x){});
  return _mm_testz_si128(zeros, zeros);
}

WHERRY_INLINE uint32_t bitmask(S8x16 x) { return static_cast<uint32_t>(_mm_movemask_epi8(as_int(x))); }
WHERRY_INLINE uint32_t bitmask(S16x8 x) {
  return static_cast<uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(as_int(x), _mm_setzero_si128())));
}
WHERRY_INLINE uint32_t bitmask(S32x4 x) { return static_cast<uint32_t>(_mm_movemask_ps((__m128)x)); }
WHERRY_INLINE uint32_t bitmask(S64x2 x) { return static_cast<uint32_t>(_mm_movemask_pd((__m128d)x)); }

WHERRY_INLINE U8x16 average(U8x16 x, U8x16 y) { return (U8x16)_mm_avg_epu8(as_int(x), as_int(y)); }
WHERRY_INLINE U16x8 average(U16x8 x, U16x8 y) { return (U16x8)_mm_avg_epu16(as_int(x), as_int(y)); }

// By halves of bytes, which index a table in a register.
WHERRY_INLINE U8x16 count_bits(U8x16 x) {
  const U8x16 counts = {0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4};
  const U8x16 low = x & 15;
  const U8x16 high = (U8x16)((U16x8)x >> 4) & 15;
  return (U8x16)_mm_shuffle_epi8(as_int(counts), as_int(low)) +
         (U8x16)_mm_shuffle_epi8(as_int(counts), as_int(high));
}

// (x * y + 2^14) >> 15; only -2^15 squared leaves the range, and comes out as -2^15.
WHERRY_INLINE S16x8 multiply_q15(S16x8 x, S16x8 y) {
  const S16x8 product = (S16x8)_mm_mulhrs_epi16(as_int(x), as_int(y));
  return product ^ (product == splat<S16x8>(INT16_MIN));
}

WHERRY_INLINE S32x4 dot(S16x8 x, S16x8 y) { return (S32x4)_mm_madd_epi16(as_int(x), as_int(y)); }
// Sums of two products, which wrap: those of the even bytes and those of the odd ones.
WHERRY_INLINE S16x8 dot(S8x16 x, S8x16 y) {
  const auto even = [](S8x16 bytes) { return (U16x8)((S16x8)((U16x8)bytes << 8) >> 8); };
  const auto odd = [](S8x16 bytes) { return (U16x8)((S16x8)bytes >> 8); };
  return (S16x8)(even(x) * even(y) + odd(x) * odd(y));
}

WHERRY_INLINE S8x16 narrow_signed(S16x8 x, S16x8 y) { return (S8x16)_mm_packs_epi16(as_int(x), as_int(y)); }
WHERRY_INLINE S16x8 narrow_signed(S32x4 x, S32x4 y) { return (S16x8)_mm_packs_epi32(as_int(x), as_int(y)); }
WHERRY_INLINE U8x16 narrow_unsigned(S16x8 x, S16x8 y) {
  return (U8x16)_mm_packus_epi16(as_int(x), as_int(y));
}
WHERRY_INLINE U16x8 narrow_unsigned(S32x4 x, S32x4 y) {
  return (U16x8)_mm_packus_epi32(as_int(x), as_int(y));
}

WHERRY_INLINE S16x8 add_pairs(S8x16 x) { return (S16x8)_mm_maddubs_epi16(_mm_set1_epi8(1), as_int(x)); }
WHERRY_INLINE U16x8 add_pairs(U8x16 x) { return (U16x8)_mm_maddubs_epi16(as_int(x), _mm_set1_epi8(1)); }
WHERRY_INLINE S32x4 add_pairs(S16x8 x) { return (S32x4)_mm_madd_epi16(as_int(x), _mm_set1_epi16(1)); }
WHERRY_INLINE U32x4 add_pairs(U16x8 x) { return ((U32x4)x >> 16) + ((U32x4)x & 0xffff); }

// Lane numbers of 16 and more give 0. pshufb looks at bit 7 and the low four.
WHERRY_INLINE U8x16 swizzle(U8x16 x, U8x16 lanes) {
  return (U8x16)_mm_shuffle_epi8(as_int(x), _mm_adds_epu8(as_int(lanes), _mm_set1_epi8(0x70)));
}
// Lane numbers below 32.
WHERRY_INLINE U8x16 shuffle(U8x16 x, U8x16 y, U8x16 lanes) {
  return swizzle(x, lanes) | (U8x16)_mm_shuffle_epi8(as_int(y), as_int(lanes - 16));
}
// Lane numbers below 16.
WHERRY_INLINE U8x16 shuffle_one(U8x16 x, U8x16 lanes) {
  return (U8x16)_mm_shuffle_epi8(as_int(x), as_int(lanes));
}

// minps gives its second operand for NaN and for zeros of either sign; both orders together have the sign bits.
// The sum makes NaN quiet, and gives that of its first operand that is one.
WHERRY_INLINE F32x4 float_min(F32x4 x, F32x4 y) {
  const __m128 least = _mm_or_ps(_mm_min_ps(x, y), _mm_min_ps(y, x));
  return _mm_blendv_ps(least, _mm_add_ps(x, y), _mm_cmpunord_ps(x, y));
}
WHERRY_INLINE F64x2 float_min(F64x2 x, F64x2 y) {
  const __m128d least = _mm_or_pd(_mm_min_pd(x, y), _mm_min_pd(y, x));
  return _mm_blendv_pd(least, _mm_add_pd(x, y), _mm_cmpunord_pd(x, y));
}
WHERRY_INLINE F32x4 float_max(F32x4 x, F32x4 y) {
  const __m128 most = _mm_and_ps(_mm_max_ps(x, y), _mm_max_ps(y, x));
  return _mm_blendv_ps(most, _mm_add_ps(x, y), _mm_cmpunord_ps(x, y));
}
WHERRY_INLINE F64x2 float_max(F64x2 x, F64x2 y) {
  const __m128d most = _mm_and_pd(_mm_max_pd(x, y), _mm_max_pd(y, x));
  return _mm_blendv_pd(most, _mm_add_pd(x, y), _mm_cmpunord_pd(x, y));
}

// Conversions give 0x80000000 for what does not fit: right below the range, to be inverted above it.
WHERRY_INLINE S32x4 truncate_signed(F32x4 x) {
  const __m128 number = _mm_and_ps(x, _mm_cmpord_ps(x, x));
  const __m128i above = _mm_castps_si128(_mm_cmpge_ps(number, _mm_set1_ps(0x1p31f)));
  return (S32x4)_mm_xor_si128(_mm_cvttps_epi32(number), above);
}
// In two parts, below 2^31 and above it; maxps makes NaN 0.
WHERRY_INLINE U32x4 truncate_unsigned(F32x4 x) {
  const __m128 number = _mm_max_ps(x, _mm_setzero_ps());
  const __m128 over = _mm_sub_ps(number, _mm_set1_ps(0x1p31f));
  const __m128i above = _mm_castps_si128(_mm_cmpge_ps(over, _mm_set1_ps(0x1p31f)));
  const __m128i high = _mm_max_epi32(_mm_xor_si128(_mm_cvttps_epi32(over), above), _mm_setzero_si128());
  return (U32x4)_mm_add_epi32(_mm_cvttps_epi32(number), high);
}
WHERRY_INLINE S32x4 truncate_signed(F64x2 x) {
  const __m128d number = _mm_and_pd(x, _mm_cmpord_pd(x, x));
  return (S32x4)_mm_cvttpd_epi32(_mm_min_pd(number, _mm_set1_pd(2147483647.0)));
}
// The integer stands in the low bits of a double to which 2^52 was added.
WHERRY_INLINE U32x4 truncate_unsigned(F64x2 x) {
  const __m128d number = _mm_min_pd(_mm_max_pd(x, _mm_setzero_pd()), _mm_set1_pd(4294967295.0));
  const __m128d whole = _mm_round_pd(number, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
  const auto bits = (U32x4)_mm_add_pd(whole, _mm_set1_pd(0x1p52));
  return __builtin_shufflevector(bits, U32x4{}, 0, 2, 4, 4);
}

}  // namespace wherry::interpret
