// The scalar twin of blur.c.
#define SCALAR
#include "blur.c"
