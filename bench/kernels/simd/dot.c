// Sum of products of 16-bit numbers, eight at a time. n = products of 8192 numbers.
#include <stdint.h>
#ifndef SCALAR
#include <wasm_simd128.h>
#endif

enum { kCount = 8192 };
static int16_t x[kCount], y[kCount];

static int32_t dot(void) {
#ifdef SCALAR
  int32_t sum = 0;
  for (uint32_t i = 0; i < kCount; ++i) sum += x[i] * y[i];
  return sum;
#else
  v128_t sums = wasm_i32x4_const_splat(0);
  for (uint32_t i = 0; i < kCount; i += 8) {
    sums = wasm_i32x4_add(sums, wasm_i32x4_dot_i16x8(wasm_v128_load(x + i), wasm_v128_load(y + i)));
  }
  return wasm_i32x4_extract_lane(sums, 0) + wasm_i32x4_extract_lane(sums, 1) +
         wasm_i32x4_extract_lane(sums, 2) + wasm_i32x4_extract_lane(sums, 3);
#endif
}

uint32_t run(uint32_t n) {
  for (uint32_t i = 0; i < kCount; ++i) {
    x[i] = (int16_t)(i * 40503u % 511 - 255);
    y[i] = (int16_t)(i * 30011u % 509 - 254);
  }
  uint32_t sum = 0;
  for (uint32_t round = 0; round < n; ++round) {
    x[round % kCount] ^= 5;
    sum = sum * 31 + (uint32_t)dot();
  }
  return sum;
}
