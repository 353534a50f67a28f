// Matrix product, f64, 96 x 96: loads at computed addresses, multiply and add. n = products.
#include <stdint.h>

enum { kSize = 96 };
static double a[kSize][kSize], b[kSize][kSize], c[kSize][kSize];

uint32_t run(uint32_t n) {
  for (uint32_t i = 0; i < kSize; ++i) {
    for (uint32_t j = 0; j < kSize; ++j) {
      a[i][j] = (double)((i * 7 + j * 3) % 11) - 5.0;
      b[i][j] = (double)((i * 5 + j * 13) % 17) * 0.125;
    }
  }
  for (uint32_t round = 0; round < n; ++round) {
    for (uint32_t i = 0; i < kSize; ++i) {
      for (uint32_t j = 0; j < kSize; ++j) {
        double sum = 0.0;
        for (uint32_t k = 0; k < kSize; ++k) sum += a[i][k] * b[k][j];
        c[i][j] = sum;
      }
    }
    for (uint32_t i = 0; i < kSize; ++i) a[i][round % kSize] = c[round % kSize][i] * 0.0078125;
  }
  uint32_t sum = 0;
  for (uint32_t i = 0; i < kSize; ++i) {
    for (uint32_t j = 0; j < kSize; ++j) {
      union {
        double value;
        uint64_t bits;
      } cell = {c[i][j]};
      sum = sum * 31 + (uint32_t)(cell.bits ^ (cell.bits >> 32));
    }
  }
  return sum;
}
