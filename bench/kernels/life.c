// Conway's life on a torus of 128 x 128 cells of a byte: neighbour sums, two-dimensional addressing. n =
// steps.
#include <stdint.h>

enum { kSize = 128 };
static uint8_t cells[2][kSize][kSize];

static void step(uint8_t (*from)[kSize], uint8_t (*to)[kSize]) {
  for (uint32_t y = 0; y < kSize; ++y) {
    const uint8_t* above = from[(y + kSize - 1) % kSize];
    const uint8_t* here = from[y];
    const uint8_t* below = from[(y + 1) % kSize];
    for (uint32_t x = 0; x < kSize; ++x) {
      uint32_t w = (x + kSize - 1) % kSize, e = (x + 1) % kSize;
      uint32_t sum =
          (uint32_t)above[w] + above[x] + above[e] + here[w] + here[e] + below[w] + below[x] + below[e];
      to[y][x] = (uint8_t)(sum == 3 || (sum == 2 && here[x]));
    }
  }
}

uint32_t run(uint32_t n) {
  uint32_t seed = 7;
  for (uint32_t y = 0; y < kSize; ++y) {
    for (uint32_t x = 0; x < kSize; ++x) {
      seed = seed * 1103515245 + 12345;
      cells[0][y][x] = (seed >> 16) % 3 == 0;
    }
  }
  for (uint32_t i = 0; i < n; ++i) step(cells[i & 1], cells[(i + 1) & 1]);
  uint32_t sum = 0;
  for (uint32_t y = 0; y < kSize; ++y) {
    for (uint32_t x = 0; x < kSize; ++x) sum = sum * 31 + cells[n & 1][y][x];
  }
  return sum;
}
