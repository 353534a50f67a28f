// The Mandelbrot set, two points at a time in double precision. n = rows of 256 points, 64 steps at most.
#include <stdint.h>
#ifndef SCALAR
#include <wasm_simd128.h>
#endif

enum { kWidth = 256, kSteps = 64 };

#ifdef SCALAR
static uint32_t steps(double cx, double cy) {
  double x = 0, y = 0;
  uint32_t count = 0;
  for (; count < kSteps; ++count) {
    const double xx = x * x, yy = y * y;
    if (!(xx + yy <= 4.0)) break;
    y = (x + x) * y + cy;
    x = (xx - yy) + cx;
  }
  return count;
}

static uint32_t two(double left, double right, double cy) { return steps(left, cy) + steps(right, cy); }
#else
static uint32_t two(double left, double right, double row) {
  const v128_t cx = wasm_f64x2_make(left, right), cy = wasm_f64x2_splat(row);
  v128_t x = wasm_f64x2_const_splat(0), y = x, counts = x;
  for (uint32_t step = 0; step < kSteps; ++step) {
    const v128_t xx = wasm_f64x2_mul(x, x), yy = wasm_f64x2_mul(y, y);
    const v128_t inside = wasm_f64x2_le(wasm_f64x2_add(xx, yy), wasm_f64x2_const_splat(4.0));
    if (!wasm_v128_any_true(inside)) break;
    counts = wasm_i64x2_sub(counts, inside);
    y = wasm_f64x2_add(wasm_f64x2_mul(wasm_f64x2_add(x, x), y), cy);
    x = wasm_f64x2_add(wasm_f64x2_sub(xx, yy), cx);
  }
  return (uint32_t)(wasm_i64x2_extract_lane(counts, 0) + wasm_i64x2_extract_lane(counts, 1));
}
#endif

uint32_t run(uint32_t n) {
  uint32_t sum = 0;
  for (uint32_t row = 0; row < n; ++row) {
    const double cy = (double)(row % 192) / 96 - 1;
    for (uint32_t x = 0; x < kWidth; x += 2) {
      sum = sum * 31 + two((double)x / 85 - 2, (double)(x + 1) / 85 - 2, cy);
    }
  }
  return sum;
}
