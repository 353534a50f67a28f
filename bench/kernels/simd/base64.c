// Base64, sixteen letters at a time: encoding and decoding again. n = passes over 3072 bytes.
#include <stdint.h>
#ifndef SCALAR
#include <wasm_simd128.h>
#endif

enum { kBytes = 3072, kLetters = kBytes / 3 * 4 };
static uint8_t plain[kBytes + 16], letters[kLetters + 16], decoded[kBytes + 16];

#ifdef SCALAR
static uint8_t values[256];

static void encode(void) {
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  uint8_t* to = letters;
  for (uint32_t i = 0; i < kBytes; i += 3, to += 4) {
    const uint32_t word = (uint32_t)plain[i] << 16 | (uint32_t)plain[i + 1] << 8 | plain[i + 2];
    to[0] = (uint8_t)alphabet[word >> 18];
    to[1] = (uint8_t)alphabet[word >> 12 & 63];
    to[2] = (uint8_t)alphabet[word >> 6 & 63];
    to[3] = (uint8_t)alphabet[word & 63];
  }
  for (uint32_t i = 0; i < 64; ++i) values[(uint8_t)alphabet[i]] = (uint8_t)i;
}

static void decode(void) {
  uint8_t* to = decoded;
  for (uint32_t i = 0; i < kLetters; i += 4, to += 3) {
    const uint32_t word = (uint32_t)values[letters[i]] << 18 | (uint32_t)values[letters[i + 1]] << 12 |
                          (uint32_t)values[letters[i + 2]] << 6 | values[letters[i + 3]];
    to[0] = (uint8_t)(word >> 16);
    to[1] = (uint8_t)(word >> 8);
    to[2] = (uint8_t)word;
  }
}
#else
// Three bytes spread over four lanes of six bits, then an offset by the range that the value lies in.
static void encode(void) {
  const v128_t offsets =
      wasm_i8x16_const('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                       '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0);
  uint8_t* to = letters;
  for (uint32_t i = 0; i < kBytes; i += 12, to += 16) {
    const v128_t in = wasm_v128_load(plain + i);
    const v128_t spread = wasm_i8x16_shuffle(in, in, 1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
    const v128_t first = wasm_u32x4_shr(wasm_v128_and(spread, wasm_i32x4_const_splat(0x0000fc00)), 10);
    const v128_t second = wasm_i32x4_shl(wasm_v128_and(spread, wasm_i32x4_const_splat(0x000003f0)), 4);
    const v128_t third = wasm_u32x4_shr(wasm_v128_and(spread, wasm_i32x4_const_splat(0x0fc00000)), 6);
    const v128_t fourth = wasm_i32x4_shl(wasm_v128_and(spread, wasm_i32x4_const_splat(0x003f0000)), 8);
    const v128_t six = wasm_v128_or(wasm_v128_or(first, second), wasm_v128_or(third, fourth));
    const v128_t upper = wasm_u8x16_gt(six, wasm_i8x16_const_splat(25));
    v128_t range = wasm_u8x16_sub_sat(six, wasm_i8x16_const_splat(51));
    range = wasm_v128_or(range, wasm_v128_andnot(wasm_i8x16_const_splat(13), upper));
    wasm_v128_store(to, wasm_i8x16_add(six, wasm_i8x16_swizzle(offsets, range)));
  }
}

// The letter's upper half chooses the offset; '/' is the exception. Then four times six bits move together.
static void decode(void) {
  const v128_t offsets = wasm_i8x16_const(0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0);
  uint8_t* to = decoded;
  for (uint32_t i = 0; i < kLetters; i += 16, to += 12) {
    const v128_t in = wasm_v128_load(letters + i);
    const v128_t is_slash = wasm_i8x16_eq(in, wasm_i8x16_const_splat('/'));
    const v128_t range = wasm_i8x16_add(wasm_u8x16_shr(in, 4), is_slash);
    const v128_t six = wasm_i8x16_add(in, wasm_i8x16_swizzle(offsets, range));
    // Pairs of bytes a, b to a * 64 + b, pairs of those to one of 24 bits.
    const v128_t twelve = wasm_v128_or(wasm_i16x8_shl(wasm_v128_and(six, wasm_i16x8_const_splat(0xff)), 6),
                                       wasm_u16x8_shr(six, 8));
    const v128_t full = wasm_i32x4_dot_i16x8(twelve, wasm_i32x4_const_splat(0x00011000));
    const v128_t packed =
        wasm_i8x16_shuffle(full, full, 2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, 3, 7, 11, 15);
    wasm_v128_store(to, packed);
  }
}
#endif

uint32_t run(uint32_t n) {
  for (uint32_t i = 0; i < kBytes; ++i) plain[i] = (uint8_t)(i * i * 31 >> 5);
  uint32_t sum = 0;
  for (uint32_t round = 0; round < n; ++round) {
    plain[round % kBytes] += 3;
    encode();
    decode();
    sum = sum * 31 + letters[round % kLetters] + decoded[round * 7 % kBytes];
  }
  for (uint32_t i = 0; i < kLetters; ++i) sum = sum * 31 + letters[i];
  for (uint32_t i = 0; i < kBytes; ++i) sum = sum * 31 + decoded[i];
  return sum;
}
