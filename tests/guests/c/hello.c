// The smallest useful program; also what start-up time is measured with.
#include <stdio.h>

int main(void) {
  puts("hello, world");
  return 0;
}
