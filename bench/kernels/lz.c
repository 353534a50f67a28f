// An LZ77 compressor with hash chains and its decompressor over 16 KiB of compressible bytes: mixed byte and
// word accesses, while loops with several exits. n = round trips.
#include <stdint.h>

enum { kSize = 16384, kHash = 4096, kNone = 0xffff };
static uint8_t input[kSize], packed[kSize * 2], output[kSize];
static uint16_t head[kHash], chain[kSize];

static uint32_t hash3(const uint8_t* p) {
  return (((uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2]) * 2654435761u) >> 20;
}

static uint32_t compress(void) {
  uint32_t out = 0, at = 0;
  for (uint32_t i = 0; i < kHash; ++i) head[i] = kNone;
  while (at < kSize) {
    uint32_t best = 0, from = 0;
    if (at + 3 <= kSize) {
      uint32_t slot = hash3(input + at), candidate = head[slot];
      for (uint32_t tries = 0; candidate != kNone && tries < 16; ++tries) {
        uint32_t length = 0;
        while (length < 255 && at + length < kSize && input[candidate + length] == input[at + length])
          ++length;
        if (length > best) {
          best = length;
          from = candidate;
        }
        candidate = chain[candidate];
      }
      chain[at] = head[slot];
      head[slot] = (uint16_t)at;
    }
    if (best >= 4) {
      packed[out++] = (uint8_t)best;
      packed[out++] = (uint8_t)((at - from) >> 8);
      packed[out++] = (uint8_t)(at - from);
      at += best;
    } else {
      packed[out++] = 0;
      packed[out++] = input[at++];
    }
  }
  return out;
}

static uint32_t decompress(uint32_t size) {
  uint32_t at = 0, out = 0;
  while (at < size) {
    uint32_t length = packed[at++];
    if (length == 0) {
      output[out++] = packed[at++];
      continue;
    }
    uint32_t distance = (uint32_t)packed[at] << 8 | packed[at + 1];
    at += 2;
    for (; length; --length, ++out) output[out] = output[out - distance];
  }
  return out;
}

uint32_t run(uint32_t n) {
  uint32_t sum = 0, seed = 99;
  for (uint32_t round = 0; round < n; ++round) {
    for (uint32_t i = 0; i < kSize; ++i) {
      seed = seed * 1664525 + 1013904223;
      input[i] = (seed >> 28) > 11 || i < 64 ? (uint8_t)('a' + (seed >> 20) % 9)
                                             : input[i - 1 - ((seed >> 12) & 63)];
    }
    uint32_t size = compress();
    sum = sum * 31 + size + decompress(size);
    for (uint32_t i = 0; i < kSize; ++i) sum += (output[i] ^ input[i]) * 65537u + output[i];
  }
  return sum;
}
