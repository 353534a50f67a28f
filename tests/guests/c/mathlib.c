// The mathematical library, as exact bits (%a): rounding, remainders, powers, trigonometry, conversions.
#include <complex.h>
#include <fenv.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define ONE(f, x) printf(#f "(%a) = %a\n", (double)(x), (double)f(x))
#define TWO(f, x, y) printf(#f "(%a, %a) = %a\n", (double)(x), (double)(y), (double)f(x, y))

int main(void) {
  static const double xs[] = {0.0, -0.0, 0.5, -0.5, 1.5, 2.5, -2.5, 1e-300, 3.0, 1e15 + 0.5, 123.456};
  for (size_t i = 0; i < sizeof xs / sizeof *xs; ++i) {
    double x = xs[i];
    ONE(floor, x);
    ONE(ceil, x);
    ONE(trunc, x);
    ONE(round, x);
    ONE(rint, x);
    ONE(nearbyint, x);
    ONE(fabs, x);
    ONE(sin, x);
    ONE(cos, x);
    ONE(atan, x);
    ONE(exp, fmin(x, 100));
    ONE(expm1, fmin(x, 100));
    ONE(cbrt, x);
    ONE(sqrt, fabs(x));
    ONE(log1p, fabs(x));
    ONE(tanh, x);
    TWO(copysign, 2.0, x);
    TWO(fmax, x, 1.0);
    TWO(fmin, x, 1.0);
    TWO(pow, fabs(x), 0.75);
    TWO(atan2, x, 2.0);
    TWO(fmod, x, 0.3);
    TWO(remainder, x, 0.3);
    TWO(hypot, x, 4.0);
    TWO(nextafter, x, 10.0);
    ONE(sinf, (float)x);
    ONE(floorf, (float)x);
    ONE(sqrtf, fabsf((float)x));
    ONE(rintf, (float)x);
    int exponent;
    double fraction = frexp(x, &exponent);
    printf("frexp %a %d, ldexp %a\n", fraction, exponent, ldexp(fraction, exponent / 2));
    double whole;
    printf("modf %a", modf(x, &whole));
    printf(" %a\n", whole);
    printf("lround %lld %d %u\n", llround(fmin(x, 1e15)), (int)fmin(x, 1000), (unsigned)fabs(fmin(x, 1000)));
    printf("u64 %llu f %a\n", (unsigned long long)fabs(x), (double)(float)x);
  }
  printf("%d %d %d %d\n", isnan(nan("")) != 0, isinf(HUGE_VAL) != 0, fpclassify(1e-310) == FP_SUBNORMAL,
         signbit(-0.0) != 0);
  printf("%a %a %a\n", (double)INT64_MIN, (double)UINT64_MAX, (double)(float)INT32_MAX);
  double complex z = cexp(I * 1.25);
  printf("cexp %a %a\n", creal(z), cimag(z));
  ONE(tgamma, 4.5);
  ONE(erf, 0.7);
  ONE(j0, 1.25);
  ONE(lgamma, 10.5);
  return 0;
}
