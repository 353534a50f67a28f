#pragma once

#include "engine/base/bytes.h"

namespace wherry::base {

// Whether the bytes are UTF-8 as Unicode defines it: shortest forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(ByteSpan bytes);

// Writes a character below U+110000 to `to`, 4 bytes at the most, and answers how many they are. `Byte` is char or uint8_t. A surrogate,
// which is none, takes 3.
template <class Byte>
constexpr size_t put_utf8(uint32_t character, Byte* to) {
  const auto following = [character](uint32_t shift) {
    return static_cast<Byte>(0x80 | (character >> shift & 0x3f));
  };
  if (character < 0x80) {
    to[0] = static_cast<Byte>(character);
    return 1;
  }
  if (character < 0x800) {
    to[0] = static_cast<Byte>(0xc0 | character >> 6);
    to[1] = following(0);
    return 2;
  }
  if (character < 0x10000) {
    to[0] = static_cast<Byte>(0xe0 | character >> 12);
    to[1] = following(6);
    to[2] = following(0);
    return 3;
  }
  to[0] = static_cast<Byte>(0xf0 | (character >> 18 & 7));
  to[1] = following(12);
  to[2] = following(6);
  to[3] = following(0);
  return 4;
}

}  // namespace wherry::base
