// The scalar twin of mandel2.c.
#define SCALAR
#include "mandel2.c"
