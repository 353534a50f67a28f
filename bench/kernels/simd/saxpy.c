// y = a * x + y over floats, four at a time. n = passes over 4096 numbers.
#include <stdint.h>
#ifndef SCALAR
#include <wasm_simd128.h>
#endif

enum { kCount = 4096 };
static float x[kCount], y[kCount];

static void saxpy(float a) {
#ifdef SCALAR
  for (uint32_t i = 0; i < kCount; ++i) y[i] = a * x[i] + y[i];
#else
  const v128_t factor = wasm_f32x4_splat(a);
  for (uint32_t i = 0; i < kCount; i += 4) {
    const v128_t product = wasm_f32x4_mul(factor, wasm_v128_load(x + i));
    wasm_v128_store(y + i, wasm_f32x4_add(product, wasm_v128_load(y + i)));
  }
#endif
}

uint32_t run(uint32_t n) {
  for (uint32_t i = 0; i < kCount; ++i) {
    x[i] = (float)(i % 97) - 48;
    y[i] = (float)i;
  }
  for (uint32_t round = 0; round < n; ++round) saxpy(round % 2 == 0 ? 0.125f : -0.25f);
  float sum = 0;
  for (uint32_t i = 0; i < kCount; ++i) sum += y[i] * (float)(i % 7);
  union {
    float number;
    uint32_t bits;
  } result = {sum};
  return result.bits;
}
