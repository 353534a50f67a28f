// flags: -g
// Traps in a function of its own: the backtrace shows the line. With -g, so that the module has DWARF.
#include <stdio.h>

static volatile int zero = 0;

__attribute__((noinline)) static int divide(int a, int b) {
  int quotient = a / b;
  return quotient * 2;
}

int main(void) {
  puts("before");
  fflush(stdout);
  return divide(84, zero);
}
