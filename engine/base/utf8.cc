// Table 3-7 of the Unicode standard as code: the first byte says how many follow and which range the second one
// must lie in; that range is what excludes long forms, surrogates and numbers above U+10FFFF. Names of imports and
// exports are ASCII nearly always, so that is asked first, eight bytes at once. Longer text is left to vectors (utf8_checker.cc).
#include "engine/base/utf8.h"

#include <cstring>

#include "engine/base/utf8_checker.h"

namespace wherry::base {

namespace {

constexpr size_t kLong = 2 * Utf8Checker::kBlock;

uint64_t eight_at(const uint8_t* bytes) {
  uint64_t eight;
  std::memcpy(&eight, bytes, 8);
  return eight;
}

bool is_ascii(ByteSpan bytes) {
  uint64_t all = 0;
  if (bytes.size() < 8) {
    for (const uint8_t byte : bytes) all |= byte;
    return all < 0x80;
  }
  for (size_t i = 0; i + 8 < bytes.size(); i += 8) all |= eight_at(bytes.data() + i);
  all |= eight_at(bytes.data() + bytes.size() - 8);  // Some of them again.
  return (all & 0x8080808080808080u) == 0;
}

}  // namespace

bool is_utf8(ByteSpan bytes) {
  if (bytes.size() >= kLong) {
    Utf8Checker checker;
    checker.add(bytes.data(), bytes.size());
    return checker.finish();
  }
  if (is_ascii(bytes)) return true;
  const uint8_t* next = bytes.data();
  const uint8_t* const end = next + bytes.size();
  while (next != end) {
    while (end - next >= 8) {
      if ((eight_at(next) & 0x8080808080808080u) != 0) break;
      next += 8;
    }
    if (next == end) break;
    const uint8_t first = *next++;
    if (first < 0x80) continue;
    if (first < 0xc2 || first > 0xf4) return false;
    const int following = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    if (end - next < following) return false;
    const uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (next[0] < low || next[0] > high) return false;
    for (int i = 1; i < following; ++i) {
      if ((next[i] & 0xc0) != 0x80) return false;
    }
    next += following;
  }
  return true;
}

}  // namespace wherry::base
