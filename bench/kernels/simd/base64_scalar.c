// The scalar twin of base64.c.
#define SCALAR
#include "base64.c"
