// The scalar twin of utf8.c.
#define SCALAR
#include "utf8.c"
