// The allocator under load: growing memory, realloc, calloc, aligned blocks, contents kept; and a refusal.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kSlots = 512 };
static unsigned char* slots[kSlots];
static size_t sizes[kSlots];

static uint32_t seed = 1;
static uint32_t next(void) { return (seed = seed * 1664525 + 1013904223) >> 8; }

int main(void) {
  size_t live = 0, most = 0;
  int wrong = 0;
  for (int round = 0; round < 60000; ++round) {
    uint32_t i = next() % kSlots;
    if (slots[i]) {
      for (size_t k = 0; k < sizes[i]; k += 61) wrong += slots[i][k] != (unsigned char)(i + k);
    }
    size_t size = next() % 16 == 0 ? next() % 60000 : next() % 600;
    if (size == 0) {
      free(slots[i]);
      slots[i] = NULL;
    } else {
      slots[i] = realloc(slots[i], size);
      if (!slots[i]) return 2;
      for (size_t k = 0; k < size; ++k) slots[i][k] = (unsigned char)(i + k);
    }
    live += size - sizes[i];
    sizes[i] = size;
    if (live > most) most = live;
  }
  printf("wrong bytes %d, live %zu, most %zu\n", wrong, live, most);
  for (int i = 0; i < kSlots; ++i) free(slots[i]);
  unsigned char* zeros = calloc(1000, 1000);
  int dirty = 0;
  for (int i = 0; i < 1000000; ++i) dirty += zeros[i];
  printf("calloc dirty %d\n", dirty);
  free(zeros);
  int misaligned = 0;
  for (size_t align = 16; align <= 4096; align *= 2) {
    void* block = aligned_alloc(align, align * 3);
    misaligned += (uintptr_t)block % align != 0;
    free(block);
  }
  printf("misaligned %d\n", misaligned);
  char* big = malloc(64u << 20);
  memset(big, 7, 64u << 20);
  memmove(big + 1000, big, 32u << 20);
  printf("64 MiB: %d %d\n", big[0], big[(64u << 20) - 1]);
  free(big);
  void* volatile refused = malloc(0xfff00000u);
  printf("too much refused: %d\n", refused == NULL);
  return 0;
}
