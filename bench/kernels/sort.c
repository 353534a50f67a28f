// Quicksort with an insertion sort below 12 elements, of 64 Ki pseudo-random integers. n = sorts.
#include <stdint.h>

enum { kCount = 1 << 16 };
static int32_t items[kCount];

static void insertion(int32_t* low, int32_t* high) {
  for (int32_t* at = low + 1; at <= high; ++at) {
    int32_t value = *at;
    int32_t* to = at;
    while (to > low && to[-1] > value) {
      *to = to[-1];
      --to;
    }
    *to = value;
  }
}

static void sort(int32_t* low, int32_t* high) {
  while (high - low > 12) {
    int32_t pivot = low[(high - low) / 2];
    int32_t* left = low;
    int32_t* right = high;
    while (left <= right) {
      while (*left < pivot) ++left;
      while (*right > pivot) --right;
      if (left <= right) {
        int32_t swap = *left;
        *left++ = *right;
        *right-- = swap;
      }
    }
    if (right - low < high - left) {
      sort(low, right);
      low = left;
    } else {
      sort(left, high);
      high = right;
    }
  }
  if (low < high) insertion(low, high);
}

uint32_t run(uint32_t n) {
  uint32_t seed = 12345, sum = 0;
  for (uint32_t round = 0; round < n; ++round) {
    for (uint32_t i = 0; i < kCount; ++i) {
      seed ^= seed << 13;
      seed ^= seed >> 17;
      seed ^= seed << 5;
      items[i] = (int32_t)(seed >> 1) - 0x40000000;
    }
    sort(items, items + kCount - 1);
    for (uint32_t i = 0; i < kCount; i += 97) sum = sum * 31 + (uint32_t)items[i];
    for (uint32_t i = 1; i < kCount; ++i) sum += items[i - 1] > items[i];
  }
  return sum;
}
