// Is it UTF-8? Sixteen bytes at a time by three tables of what two neighbours may not be (Keiser and Lemire, "Validating
// UTF-8 in less than one instruction per byte"). n = checks of 4096 bytes.
#include <stdint.h>
#ifndef SCALAR
#include <wasm_simd128.h>
#endif

enum { kBytes = 4096 };
static uint8_t text[kBytes + 32];  // 16 bytes of zeros before it.

#ifdef SCALAR
static uint32_t is_valid(const uint8_t* at, const uint8_t* end) {
  while (at != end) {
    const uint8_t byte = *at++;
    if (byte < 0x80) continue;
    uint32_t more;
    uint8_t least = 0x80, most = 0xbf;
    if (byte >= 0xc2 && byte <= 0xdf) {
      more = 1;
    } else if (byte >= 0xe0 && byte <= 0xef) {
      more = 2;
      if (byte == 0xe0) least = 0xa0;
      if (byte == 0xed) most = 0x9f;
    } else if (byte >= 0xf0 && byte <= 0xf4) {
      more = 3;
      if (byte == 0xf0) least = 0x90;
      if (byte == 0xf4) most = 0x8f;
    } else {
      return 0;
    }
    for (; more != 0; --more) {
      if (at == end || *at < least || *at > most) return 0;
      ++at;
      least = 0x80, most = 0xbf;
    }
  }
  return 1;
}
#else
enum {
  kTooShort = 1,
  kTooLong = 2,
  kOverlong3 = 4,
  kTooLarge = 8,
  kSurrogate = 16,
  kOverlong2 = 32,
  kTooLarge1000 = 64,
  kOverlong4 = 64,
  kTwoConts = 128,
  kCarry = kTooShort | kTooLong | kTwoConts,
};

static uint32_t is_valid(const uint8_t* at, const uint8_t* end) {
  const v128_t first_high = wasm_u8x16_const(
      kTooLong, kTooLong, kTooLong, kTooLong, kTooLong, kTooLong, kTooLong, kTooLong, kTwoConts, kTwoConts,
      kTwoConts, kTwoConts, kTooShort | kOverlong2, kTooShort, kTooShort | kOverlong3 | kSurrogate,
      kTooShort | kTooLarge | kTooLarge1000 | kOverlong4);
  const v128_t first_low =
      wasm_u8x16_const(kCarry | kOverlong3 | kOverlong2 | kOverlong4, kCarry | kOverlong2, kCarry, kCarry,
                       kCarry | kTooLarge, kCarry | kTooLarge | kTooLarge1000,
                       kCarry | kTooLarge | kTooLarge1000, kCarry | kTooLarge | kTooLarge1000,
                       kCarry | kTooLarge | kTooLarge1000, kCarry | kTooLarge | kTooLarge1000,
                       kCarry | kTooLarge | kTooLarge1000, kCarry | kTooLarge | kTooLarge1000,
                       kCarry | kTooLarge | kTooLarge1000, kCarry | kTooLarge | kTooLarge1000 | kSurrogate,
                       kCarry | kTooLarge | kTooLarge1000, kCarry | kTooLarge | kTooLarge1000);
  const v128_t second_high = wasm_u8x16_const(
      kTooShort, kTooShort, kTooShort, kTooShort, kTooShort, kTooShort, kTooShort, kTooShort,
      kTooLong | kOverlong2 | kTwoConts | kOverlong3 | kTooLarge1000 | kOverlong4,
      kTooLong | kOverlong2 | kTwoConts | kOverlong3 | kTooLarge,
      kTooLong | kOverlong2 | kTwoConts | kSurrogate | kTooLarge,
      kTooLong | kOverlong2 | kTwoConts | kSurrogate | kTooLarge, kTooShort, kTooShort, kTooShort, kTooShort);
  v128_t errors = wasm_i8x16_const_splat(0);
  for (; at < end; at += 16) {
    const v128_t in = wasm_v128_load(at);
    const v128_t before = wasm_v128_load(at - 1);
    const v128_t special = wasm_v128_and(
        wasm_v128_and(wasm_i8x16_swizzle(first_high, wasm_u8x16_shr(before, 4)),
                      wasm_i8x16_swizzle(first_low, wasm_v128_and(before, wasm_i8x16_const_splat(15)))),
        wasm_i8x16_swizzle(second_high, wasm_u8x16_shr(in, 4)));
    const v128_t third = wasm_u8x16_sub_sat(wasm_v128_load(at - 2), wasm_i8x16_const_splat(0xe0 - 0x80));
    const v128_t fourth = wasm_u8x16_sub_sat(wasm_v128_load(at - 3), wasm_i8x16_const_splat(0xf0 - 0x80));
    const v128_t must = wasm_v128_and(wasm_v128_or(third, fourth), wasm_i8x16_const_splat(-128));
    errors = wasm_v128_or(errors, wasm_v128_xor(must, special));
  }
  return !wasm_v128_any_true(errors);
}
#endif

// Text of one to four bytes a letter, with blanks at the end.
static void fill(uint32_t seed) {
  uint32_t at = 0;
  while (at + 4 < kBytes - 16) {
    uint8_t* to = text + 16 + at;
    seed = seed * 1103515245 + 12345;
    switch (seed >> 16 & 7) {
      case 0: to[0] = 0xc3, to[1] = 0xa9, at += 2; break;
      case 1: to[0] = 0xe2, to[1] = 0x82, to[2] = 0xac, at += 3; break;
      case 2: to[0] = 0xf0, to[1] = 0x9f, to[2] = 0x98, to[3] = 0x80, at += 4; break;
      default: to[0] = (uint8_t)('a' + (seed >> 20) % 26), at += 1; break;
    }
  }
  for (; at < kBytes; ++at) text[16 + at] = ' ';
}

uint32_t run(uint32_t n) {
  uint32_t sum = 0;
  for (uint32_t round = 0; round < n; ++round) {
    if (round % 64 == 0) fill(round + 1);
    const uint32_t at = 16 + round * 37 % kBytes;
    const uint8_t kept = text[at];
    if (round % 4 == 0) text[at] = (uint8_t)(round * 11);
    sum = sum * 3 + is_valid(text + 16, text + 16 + kBytes);
    text[at] = kept;
  }
  return sum;
}
