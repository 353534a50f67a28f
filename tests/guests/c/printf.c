// printf of every kind: flags, widths, precisions, lengths, floating point in all forms, %n-free; then scanf
// back.
#include <float.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void integers(void) {
  printf("[%d] [%5d] [%-5d] [%05d] [%+d] [% d] [%.3d] [%+.0d]\n", 42, 42, 42, 42, 42, 42, 42, 0);
  printf("[%i] [%u] [%x] [%X] [%#x] [%#X] [%o] [%#o]\n", -1, UINT_MAX, 48879, 48879, 48879, 48879, 511, 511);
  printf("[%hhd] [%hhu] [%hd] [%hu] [%ld] [%lu]\n", (char)-1, (unsigned char)255, (short)-32768,
         (unsigned short)65535, LONG_MIN, ULONG_MAX);
  printf("[%lld] [%llu] [%llx] [%jd] [%zu] [%td]\n", LLONG_MIN, ULLONG_MAX, ULLONG_MAX, INTMAX_MAX,
         (size_t)-1, (ptrdiff_t)-1);
  printf("[%" PRId64 "] [%" PRIu32 "] [%" PRIx8 "]\n", INT64_MIN, UINT32_MAX, (uint8_t)0xab);
  printf("[%*d] [%-*d] [%.*d] [%*.*d]\n", 6, 7, 6, 7, 4, 7, 8, 3, 7);
}

static void text(void) {
  printf("[%s] [%10s] [%-10s] [%.2s] [%10.2s] [%c] [%5c] [%%]\n", "text", "text", "text", "text", "text", 'x',
         'y');
  printf("[%ls] [%lc]\n", L"wide", L'w');
  printf("[%p]\n", (void*)0);
}

static void floats(void) {
  static const double values[] = {0.0,    -0.0, 1.0,   -1.5,    3.141592653589793, 1e-7,
                                  123456, 1e21, 1e100, DBL_MAX, DBL_MIN,           4.9406564584124654e-324,
                                  0.1,    0.5,  2.5,   9.995,   99999.95,          1.0 / 3};
  for (size_t i = 0; i < sizeof values / sizeof *values; ++i) {
    double v = values[i];
    printf("%g | %e | %.3f | %a | %.17g | %+.0f | %#.0e | %12.4g | %-12.2e | %012.3g\n", v, v,
           v < 1e20 ? v : 0, v, v, v < 1e20 ? v : 0, v, v, v, v);
  }
  printf("%f %F %e %g %G %a\n", INFINITY, -INFINITY, INFINITY, (double)NAN, INFINITY, -INFINITY);
  printf("%.20f\n%.50f\n%.0f\n", 0.1, 1e-30, 1e22);
}

static int through(char* buffer, size_t size, const char* format, ...) {
  va_list list;
  va_start(list, format);
  int length = vsnprintf(buffer, size, format, list);
  va_end(list);
  return length;
}

static void buffers(void) {
  char small[8];
  int length = through(small, sizeof small, "%s-%d", "truncated", 12345);
  printf("%d [%s]\n", length, small);
  printf("%d\n", snprintf(NULL, 0, "%0100d", 1));
}

static void scanning(void) {
  int i;
  unsigned u;
  long long ll;
  double d;
  char word[16], set[16];
  int n = sscanf("  -17 0xff 9000000000 6.02e23 word [abc]x", "%d %x %lld %lf %15s [%15[abc]", &i, &u, &ll,
                 &d, word, set);
  printf("%d: %d %u %lld %g %s %s\n", n, i, u, ll, d, word, set);
  printf("%g %g %g\n", strtod("0x1.8p3", NULL), strtod("1e-320", NULL), strtod("nan", NULL) != 0 ? 1.0 : 0.0);
  printf("%ld %lu %lld\n", strtol("-0777", NULL, 0), strtoul("zz", NULL, 36),
         strtoll("99999999999999999999", NULL, 10));
}

int main(void) {
  integers();
  text();
  floats();
  buffers();
  scanning();
  return 0;
}
