// qsort and bsearch over numbers, strings and structures, with callbacks through function pointers.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  char name[12];
  uint32_t key, order;
} Record;

static uint32_t seed = 2463534242u;
static uint32_t next(void) {
  seed ^= seed << 13;
  seed ^= seed >> 17;
  seed ^= seed << 5;
  return seed;
}

static int by_int(const void* a, const void* b) {
  int x = *(const int*)a, y = *(const int*)b;
  return (x > y) - (x < y);
}
static int by_double(const void* a, const void* b) {
  double x = *(const double*)a, y = *(const double*)b;
  return (x < y) - (x > y);
}
static int by_text(const void* a, const void* b) { return strcmp(*(char* const*)a, *(char* const*)b); }
static int by_record(const void* a, const void* b) {
  const Record *x = a, *y = b;
  if (x->key != y->key) return x->key < y->key ? -1 : 1;
  return x->order < y->order ? -1 : x->order > y->order;
}

int main(void) {
  enum { kInts = 20000, kRecords = 3000 };
  int* ints = malloc(kInts * sizeof *ints);
  for (int i = 0; i < kInts; ++i) ints[i] = (int)(next() % 100000);
  qsort(ints, kInts, sizeof *ints, by_int);
  uint32_t sum = 0;
  for (int i = 0; i < kInts; ++i) sum = sum * 31 + (uint32_t)ints[i];
  int key = ints[kInts / 2];
  int* hit = bsearch(&key, ints, kInts, sizeof *ints, by_int);
  printf("ints %d..%d, sum %u, found %d, missing %d\n", ints[0], ints[kInts - 1], sum, hit ? *hit : -1,
         bsearch(&(int){-5}, ints, kInts, sizeof *ints, by_int) != NULL);
  free(ints);

  double doubles[9] = {3.5, -2, 1e9, 0.25, -1e-9, 7, 7, 0, 42};
  qsort(doubles, 9, sizeof *doubles, by_double);
  for (int i = 0; i < 9; ++i) printf("%g%c", doubles[i], i < 8 ? ' ' : '\n');

  const char* words[] = {"wherry", "barge", "dinghy", "scow", "cutter", "sloop", "ketch", "yawl", "punt"};
  qsort(words, 9, sizeof *words, by_text);
  for (int i = 0; i < 9; ++i) printf("%s%c", words[i], i < 8 ? ' ' : '\n');

  Record* records = calloc(kRecords, sizeof *records);
  for (uint32_t i = 0; i < kRecords; ++i) {
    records[i].key = next() % 50;
    records[i].order = i;
    snprintf(records[i].name, sizeof records[i].name, "r%u", i);
  }
  qsort(records, kRecords, sizeof *records, by_record);
  for (int i = 0; i < kRecords; i += 500) printf("%u/%s ", records[i].key, records[i].name);
  printf("\n");
  free(records);
  return 0;
}
