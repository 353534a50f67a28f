// Ends in every bad way there is: the exit code tells which.  trap KIND
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile int zero = 0, many = 12345;

static uint32_t endless(uint32_t x);
static uint32_t (*volatile again)(uint32_t) = endless;
static uint32_t endless(uint32_t x) { return x == UINT32_MAX ? 0 : again(x + 1) * 3 + x; }

int main(int argc, char** argv) {
  const char* kind = argc > 1 ? argv[1] : "";
  printf("before %s\n", kind);
  fflush(stdout);
  if (!strcmp(kind, "abort")) abort();
  if (!strcmp(kind, "unreachable")) __builtin_trap();
  if (!strcmp(kind, "divide")) printf("%d\n", many / zero);
  if (!strcmp(kind, "memory")) *(volatile int*)(uintptr_t)0xfffffff0u = 1;
  if (!strcmp(kind, "stack")) printf("%u\n", endless(1));
  if (!strcmp(kind, "signature")) {
    volatile uintptr_t wrong = 100000;
    ((void (*)(void))wrong)();
  }
  if (!strcmp(kind, "exit")) _Exit(77);
  puts("after");
  return 3;
}
