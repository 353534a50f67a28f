// A 3 x 3 blur with weights 1 2 1 of a grey picture, sixteen points at a time. n = passes over 256 x 128 points.
#include <stdint.h>
#ifndef SCALAR
#include <wasm_simd128.h>
#endif

enum { kWidth = 256, kHeight = 128, kStride = kWidth + 32 };
static uint8_t pictures[2][(kHeight + 2) * kStride];

#ifndef SCALAR
// Eight points, from their neighbours on the left on.
static inline v128_t row(const uint8_t* at) {
  const v128_t middle = wasm_u16x8_load8x8(at + 1);
  return wasm_i16x8_add(wasm_i16x8_add(wasm_u16x8_load8x8(at), wasm_u16x8_load8x8(at + 2)),
                        wasm_i16x8_shl(middle, 1));
}

static inline v128_t eight(const uint8_t* above) {
  const v128_t outer = wasm_i16x8_add(row(above), row(above + 2 * kStride));
  const v128_t sum = wasm_i16x8_add(outer, wasm_i16x8_shl(row(above + kStride), 1));
  return wasm_u16x8_shr(wasm_i16x8_add(sum, wasm_i16x8_const_splat(8)), 4);
}
#endif

static void blur(const uint8_t* from, uint8_t* to) {
  for (uint32_t y = 0; y < kHeight; ++y) {
    const uint8_t* above = from + y * kStride + 15;
    uint8_t* target = to + (y + 1) * kStride + 16;
#ifdef SCALAR
    const uint8_t *middle = above + kStride, *below = middle + kStride;
    for (uint32_t x = 0; x < kWidth; ++x) {
      const uint32_t outer =
          above[x] + 2u * above[x + 1] + above[x + 2] + below[x] + 2u * below[x + 1] + below[x + 2];
      target[x] = (uint8_t)((outer + 2u * middle[x] + 4u * middle[x + 1] + 2u * middle[x + 2] + 8) >> 4);
    }
#else
    for (uint32_t x = 0; x < kWidth; x += 16) {
      wasm_v128_store(target + x, wasm_u8x16_narrow_i16x8(eight(above + x), eight(above + x + 8)));
    }
#endif
  }
}

uint32_t run(uint32_t n) {
  for (uint32_t y = 0; y < kHeight; ++y) {
    for (uint32_t x = 0; x < kWidth; ++x)
      pictures[0][(y + 1) * kStride + 16 + x] = (uint8_t)(x * 7 ^ y * 13 ^ x * y);
  }
  for (uint32_t round = 0; round < n; ++round) blur(pictures[round % 2], pictures[(round + 1) % 2]);
  uint32_t sum = 0;
  for (uint32_t i = 0; i < sizeof pictures[0]; ++i) sum = sum * 31 + pictures[n % 2][i];
  return sum;
}
