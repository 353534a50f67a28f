// Mandelbrot set, f64, 160 x 120, up to n iterations a point: a tight floating-point loop.
#include <stdint.h>

uint32_t run(uint32_t n) {
  uint32_t sum = 0;
  for (uint32_t py = 0; py < 120; ++py) {
    for (uint32_t px = 0; px < 160; ++px) {
      double cx = (double)px * (3.0 / 160) - 2.2, cy = (double)py * (2.4 / 120) - 1.2;
      double x = 0, y = 0;
      uint32_t i = 0;
      while (i < n) {
        double xx = x * x, yy = y * y;
        if (xx + yy > 4.0) break;
        y = 2 * x * y + cy;
        x = xx - yy + cx;
        ++i;
      }
      sum = sum * 31 + i;
    }
  }
  return sum;
}
