// The native side of a kernel: `kernel N` prints what run(N) returns, as an engine's `--invoke run FILE N`
// does.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

uint32_t run(uint32_t n);

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  printf("%d\n", (int32_t)run((uint32_t)strtoul(argv[1], 0, 10)));
  return 0;
}
