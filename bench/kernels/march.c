// Ray marching of a distance field (spheres and a floor), f32: calls with float arguments, square roots,
// minima, float to integer. n = rows of an image 96 wide.
#include <stdint.h>

typedef struct {
  float x, y, z;
} Vec;

static float smaller(float a, float b) { return a < b ? a : b; }

static float sphere(Vec p, float x, float y, float z, float radius) {
  float dx = p.x - x, dy = p.y - y, dz = p.z - z;
  return __builtin_sqrtf(dx * dx + dy * dy + dz * dz) - radius;
}

static __attribute__((noinline)) float field(Vec p) {
  float d = p.y + 1.0f;
  d = smaller(d, sphere(p, 0.0f, 0.0f, 4.0f, 1.0f));
  d = smaller(d, sphere(p, 1.5f, -0.25f, 3.0f, 0.75f));
  return smaller(d, sphere(p, -1.75f, 0.5f, 5.0f, 1.25f));
}

static uint32_t shade(float px, float py) {
  Vec at = {0.0f, 0.25f, -1.0f};
  float inverse = 1.0f / __builtin_sqrtf(px * px + py * py + 1.0f);
  Vec along = {px * inverse, py * inverse, inverse};
  float travelled = 0.0f;
  for (uint32_t i = 0; i < 48; ++i) {
    float d = field(at);
    if (d < 0.002f) {
      Vec e = {at.x + 0.004f, at.y, at.z}, f = {at.x, at.y + 0.004f, at.z};
      float light = (field(e) - d) * 90.0f + (field(f) - d) * 160.0f;
      if (light < 0.0f) light = 0.0f;
      return (uint32_t)(light * 100.0f) + i;
    }
    travelled += d;
    if (travelled > 24.0f) return i;
    at.x += along.x * d;
    at.y += along.y * d;
    at.z += along.z * d;
  }
  return 48;
}

uint32_t run(uint32_t n) {
  uint32_t sum = 0;
  for (uint32_t y = 0; y < n; ++y) {
    float py = 0.9f - (float)(y % 96) * (1.8f / 96.0f);
    for (uint32_t x = 0; x < 96; ++x) sum = sum * 31 + shade((float)x * (2.0f / 96.0f) - 1.0f, py);
  }
  return sum;
}
