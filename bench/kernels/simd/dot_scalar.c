// The scalar twin of dot.c.
#define SCALAR
#include "dot.c"
