#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

// Between the encodings of the canonical ABI. Everything here is safe on any bytes, also such that are not what they are said to
// be: it reads and writes within the bounds that are stated, whatever comes out.
namespace wherry::canon {

enum class Utf8 : uint8_t { Valid, Invalid, Incomplete };  // Incomplete: it ends within a character.

Utf8 check_utf8(std::span<const uint8_t> bytes);
// Whether surrogates come in pairs. `units` 16-bit units from `bytes`.
bool is_utf16(const uint8_t* bytes, size_t units);

// Copies, and answers whether all that was written is UTF-8. The ranges do not overlap.
bool copy_utf8(std::span<const uint8_t> from, uint8_t* to);

// How many bytes, or units, from the beginning are ASCII.
size_t ascii_prefix(std::span<const uint8_t> bytes);
size_t ascii_prefix16(const uint8_t* bytes, size_t units);

// These write to `to` and answer how many bytes that were.
size_t utf16_to_utf8(const uint8_t* from, size_t units, uint8_t* to);  // At most 3 a unit.
size_t latin1_to_utf8(std::span<const uint8_t> from, uint8_t* to);     // At most 2 a byte.
size_t utf8_to_utf16(std::span<const uint8_t> from, uint8_t* to);      // At most 2 a byte.
size_t latin1_to_utf16(std::span<const uint8_t> from, uint8_t* to);    // 2 a byte.
// As far as characters are below U+0100. `*used` bytes, or units, were read; one byte is written for each character.
size_t utf8_to_latin1(std::span<const uint8_t> from, uint8_t* to, size_t* used);
size_t utf16_to_latin1(const uint8_t* from, size_t units, uint8_t* to, size_t* used);

}  // namespace wherry::canon
