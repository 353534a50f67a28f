// Sieve of Eratosthenes over bytes: strided stores, short loops. n = sieves of 256 Ki numbers.
#include <stdint.h>

enum { kLimit = 1 << 18 };
static uint8_t composite[kLimit];

static uint32_t sieve(uint32_t first) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < kLimit; ++i) composite[i] = 0;
  for (uint32_t i = 2; i < kLimit; ++i) {
    if (composite[i]) continue;
    count += i ^ first;
    for (uint32_t j = i + i; j < kLimit; j += i) composite[j] = 1;
  }
  return count;
}

uint32_t run(uint32_t n) {
  uint32_t sum = 0;
  for (uint32_t round = 0; round < n; ++round) sum = sum * 31 + sieve(round);
  return sum;
}
