#pragma once

#include <cstdint>
#include <string_view>

#include "component/features.h"

namespace wherry::component {

// A row of component/canon.inc.
enum class CanonOp : uint8_t {
#define CANON(name, code, text, immediates, feature) name,
#include "component/canon.inc"
};

enum class CanonImmediates : uint8_t {
  Lift,
  Lower,
  Type,
  TypeOptions,
  TypeAsync,
  None,
  Result,
  Context,
  Async,
  Options,
  CancelMemory,
  Cancel,
  NewIndirect,
  SpawnRef,
  SpawnTable,
  Shared,
};

struct CanonRow {
  uint8_t code;
  std::string_view text;
  CanonImmediates immediates;
  Feature feature;
};

// By operation.
inline constexpr CanonRow kCanonRows[] = {
#define CANON(name, code, text, immediates, feature) \
  {code, text, CanonImmediates::immediates, Feature::feature},
#include "component/canon.inc"
};

constexpr const CanonRow& row_of(CanonOp op) { return kCanonRows[static_cast<uint32_t>(op)]; }

// Null if there is none.
constexpr const CanonRow* find_canon(uint8_t code) {
  for (const CanonRow& row : kCanonRows) {
    if (row.code == code) return &row;
  }
  return nullptr;
}
constexpr const CanonRow* find_canon(std::string_view text) {
  for (const CanonRow& row : kCanonRows) {
    if (row.text == text) return &row;
  }
  return nullptr;
}

}  // namespace wherry::component
