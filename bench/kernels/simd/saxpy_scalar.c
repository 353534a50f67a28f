// The scalar twin of saxpy.c.
#define SCALAR
#include "saxpy.c"
