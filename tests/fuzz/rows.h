// The rows of the instruction table, for parts of the generator that go by signatures.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tests/fuzz/generate_module.h"

namespace wherry::fuzz {

struct Row {
  uint32_t code;
  std::string_view text;
  std::string_view immediate;
  std::string_view signature;
  std::string_view feature;

  constexpr bool is(std::string_view part) const { return text.find(part) != std::string_view::npos; }
  constexpr bool is_memory() const {
    return immediate.starts_with("MemArg") || immediate.starts_with("LaneArg");
  }
  constexpr std::string_view operands() const { return signature.substr(0, signature.find('_')); }
  constexpr char result() const { return signature.back(); }
};

inline constexpr Row kAllRows[] = {
#define OP(name, code, text, immediate, signature, feature) {code, text, #immediate, #signature, #feature},
#include "engine/wasm/opcodes.inc"
#undef OP
};

constexpr size_t count_rows(std::string_view feature) {
  size_t count = 0;
  for (const Row& row : kAllRows) count += row.feature == feature;
  return count;
}

// Those that a feature brought.
template <size_t count>
constexpr std::array<Row, count> rows_of(std::string_view feature) {
  std::array<Row, count> rows{};
  size_t at = 0;
  for (const Row& row : kAllRows) {
    if (row.feature == feature) rows[at++] = row;
  }
  return rows;
}

// The type of a letter of a signature.
constexpr Type type_of(char letter) {
  switch (letter) {
    case 'I': return kI32;
    case 'L': return kI64;
    case 'F': return kF32;
    case 'D': return kF64;
    default: return kV128;
  }
}

}  // namespace wherry::fuzz
