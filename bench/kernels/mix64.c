// 64-bit integers: xorshift, multiplication, rotation, division, bit counts, Collatz. n = rounds of 64.
#include <stdint.h>

static uint64_t rotl(uint64_t x, uint32_t by) { return (x << by) | (x >> (64 - by)); }

static uint32_t collatz(uint64_t x) {
  uint32_t steps = 0;
  while (x != 1 && steps < 200) {
    x = (x & 1) ? 3 * x + 1 : x >> 1;
    ++steps;
  }
  return steps;
}

uint32_t run(uint32_t n) {
  uint64_t a = 0x9e3779b97f4a7c15u, b = 0xbf58476d1ce4e5b9u, sum = 0;
  for (uint32_t round = 0; round < n; ++round) {
    for (uint32_t i = 0; i < 64; ++i) {
      a ^= a << 13;
      a ^= a >> 7;
      a ^= a << 17;
      b = rotl(b ^ a, 24) * 0x94d049bb133111ebu;
      b ^= b >> 31;
      sum += rotl(a + b, 17) ^ (b / ((a >> 40) | 1));
      sum ^= (uint64_t)(uint32_t)__builtin_clzll(a | 1) << (uint32_t)__builtin_ctzll(b | (1ull << 40));
    }
    sum += collatz((a >> 44) + 1) + (a % 1000003);
  }
  return (uint32_t)(sum ^ (sum >> 32));
}
