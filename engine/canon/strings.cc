// Transcoding. ASCII, which most strings are, goes eight bytes at a time; the rest a character at a time. Unaligned addresses are
// fine: everything is read and written by memcpy.
#include "engine/canon/strings.h"

#include <algorithm>
#include <cstring>

#include "engine/base/utf8.h"
#include "engine/base/utf8_checker.h"

namespace wherry::canon {

namespace {

uint64_t load8(const uint8_t* from) {
  uint64_t word;
  std::memcpy(&word, from, sizeof word);
  return word;
}
uint16_t unit_at(const uint8_t* from, size_t index) {
  uint16_t unit;
  std::memcpy(&unit, from + 2 * index, sizeof unit);
  return unit;
}
void put_unit(uint8_t* to, size_t index, uint32_t unit) {
  const auto narrow = static_cast<uint16_t>(unit);
  std::memcpy(to + 2 * index, &narrow, sizeof narrow);
}

constexpr uint64_t kHighBits = 0x8080808080808080;
constexpr uint64_t kNotAscii16 = 0xff80ff80ff80ff80;

bool is_high(uint32_t unit) { return (unit & 0xfc00) == 0xd800; }
bool is_low(uint32_t unit) { return (unit & 0xfc00) == 0xdc00; }

// The character at `*at`, which moves on by at least one and not beyond the end. What is no UTF-8 is U+FFFD.
uint32_t next_utf8(std::span<const uint8_t> from, size_t* at) {
  const uint32_t first = from[(*at)++];
  if (first < 0x80) return first;
  const uint32_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  if (from.size() - *at < more) {
    *at = from.size();
    return 0xfffd;
  }
  uint32_t character = first & (0x3f >> more);
  for (uint32_t i = 0; i < more; ++i) character = character << 6 | (from[(*at)++] & 0x3f);
  return character;
}

uint32_t next_utf16(const uint8_t* from, size_t units, size_t* at) {
  const uint32_t first = unit_at(from, (*at)++);
  if (!is_high(first) || *at == units) return first;
  const uint32_t second = unit_at(from, *at);
  if (!is_low(second)) return first;
  ++*at;
  return 0x10000 + ((first & 0x3ff) << 10 | (second & 0x3ff));
}

}  // namespace

Utf8 check_utf8(std::span<const uint8_t> bytes) {
  if (base::is_utf8(bytes)) return Utf8::Valid;
  // Which of the two it is: cut at the last beginning of a character that is not complete.
  const size_t size = bytes.size();
  for (size_t back = 1; back <= 3 && back <= size; ++back) {
    const uint8_t byte = bytes[size - back];
    if ((byte & 0xc0) == 0x80) continue;
    const size_t length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back && base::is_utf8(bytes.first(size - back)) ? Utf8::Incomplete : Utf8::Invalid;
  }
  return Utf8::Invalid;
}

bool is_utf16(const uint8_t* bytes, size_t units) {
  for (size_t i = 0; i < units; ++i) {
    const uint32_t unit = unit_at(bytes, i);
    if ((unit & 0xf800) != 0xd800) continue;
    if (!is_high(unit) || i + 1 == units || !is_low(unit_at(bytes, i + 1))) return false;
    ++i;
  }
  return true;
}

namespace {

// Whether it was. Eight vectors at a time: one pass, near the speed of copying.
bool copy_ascii(std::span<const uint8_t> from, uint8_t* to) {
  using Vector = uint64_t __attribute__((vector_size(16)));
  constexpr size_t kVectors = 8;
  constexpr size_t kBlock = kVectors * sizeof(Vector);
  uint64_t seen_low = 0;
  size_t at = 0;
  Vector seen[kVectors] = {};
  for (; at + kBlock <= from.size(); at += kBlock) {
#pragma clang loop unroll(full)
    for (size_t i = 0; i < kVectors; ++i) {
      Vector vector;
      std::memcpy(&vector, from.data() + at + i * sizeof vector, sizeof vector);
      seen[i] |= vector;
      std::memcpy(to + at + i * sizeof vector, &vector, sizeof vector);
    }
  }
  for (const Vector& vector : seen) seen_low |= vector[0] | vector[1];
  for (; at < from.size(); ++at) {
    seen_low |= from[at];
    to[at] = from[at];
  }
  return (seen_low & kHighBits) == 0;
}

}  // namespace

// As ASCII as long as it is, by pieces that are still in the first-level cache when they are looked at once more, because they are not. What is looked at
// is what was written: the other one's memory could change meanwhile.
bool copy_utf8(std::span<const uint8_t> from, uint8_t* to) {
  constexpr size_t kPiece = 4096;
  static_assert(kPiece % base::Utf8Checker::kBlock == 0);
  base::Utf8Checker checker;
  for (size_t at = 0; at < from.size(); at += kPiece) {
    const std::span<const uint8_t> piece = from.subspan(at, std::min(kPiece, from.size() - at));
    if (copy_ascii(piece, to + at)) {
      checker.add_ascii();
      continue;
    }
    checker.add(to + at, piece.size());
    const size_t next = at + piece.size();
    checker.copy(from.data() + next, to + next, from.size() - next);
    break;
  }
  return checker.finish();
}

size_t ascii_prefix(std::span<const uint8_t> bytes) {
  size_t at = 0;
  while (at + 8 <= bytes.size() && (load8(bytes.data() + at) & kHighBits) == 0) at += 8;
  while (at < bytes.size() && bytes[at] < 0x80) ++at;
  return at;
}

size_t ascii_prefix16(const uint8_t* bytes, size_t units) {
  size_t at = 0;
  while (at + 4 <= units && (load8(bytes + 2 * at) & kNotAscii16) == 0) at += 4;
  while (at < units && unit_at(bytes, at) < 0x80) ++at;
  return at;
}

size_t utf16_to_utf8(const uint8_t* from, size_t units, uint8_t* to) {
  size_t made = 0;
  for (size_t at = 0; at < units;) made += base::put_utf8(next_utf16(from, units, &at), to + made);
  return made;
}

size_t latin1_to_utf8(std::span<const uint8_t> from, uint8_t* to) {
  size_t made = 0;
  for (const uint8_t byte : from) made += base::put_utf8(byte, to + made);
  return made;
}

size_t utf8_to_utf16(std::span<const uint8_t> from, uint8_t* to) {
  size_t made = 0;
  for (size_t at = 0; at < from.size();) {
    const uint32_t character = next_utf8(from, &at);
    if (character < 0x10000) {
      put_unit(to, made++, character);
      continue;
    }
    put_unit(to, made++, 0xd7c0 + (character >> 10));
    put_unit(to, made++, 0xdc00 | (character & 0x3ff));
  }
  return 2 * made;
}

size_t latin1_to_utf16(std::span<const uint8_t> from, uint8_t* to) {
  for (size_t i = 0; i < from.size(); ++i) put_unit(to, i, from[i]);
  return 2 * from.size();
}

size_t utf8_to_latin1(std::span<const uint8_t> from, uint8_t* to, size_t* used) {
  size_t made = 0;
  for (size_t at = 0; at < from.size();) {
    *used = at;
    const uint32_t character = next_utf8(from, &at);
    if (character > 0xff) return made;
    to[made++] = static_cast<uint8_t>(character);
  }
  *used = from.size();
  return made;
}

size_t utf16_to_latin1(const uint8_t* from, size_t units, uint8_t* to, size_t* used) {
  size_t made = 0;
  while (made < units && unit_at(from, made) <= 0xff) {
    to[made] = static_cast<uint8_t>(unit_at(from, made));
    ++made;
  }
  *used = made;
  return made;
}

}  // namespace wherry::canon
