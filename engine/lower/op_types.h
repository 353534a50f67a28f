#pragma once

#include <array>

#include "engine/lower/value.h"
#include "engine/wasm/instruction.h"

namespace wherry::lower {

// The operand types of an instruction with a signature, and where its result goes, as a table that stays in the cache.
// Letters that are no number type (index types, vectors, nothing) read as i32, which has the same slots and registers.
struct OpTypes {
  wasm::ValKind first = wasm::ValKind::I32;
  wasm::ValKind second = wasm::ValKind::I32;
  Domain result = Domain::Int;
};

constexpr wasm::ValKind kind_of_letter(char letter) {
  switch (letter) {
    case 'L': return wasm::ValKind::I64;
    case 'F': return wasm::ValKind::F32;
    case 'D': return wasm::ValKind::F64;
    default: return wasm::ValKind::I32;
  }
}

constexpr std::array<OpTypes, wasm::kOpCount> make_op_types() {
  std::array<OpTypes, wasm::kOpCount> types{};
  uint32_t at = 0;
  // A signature's result is its last letter.
#define OP(name, code, text, immediate, signature, feature)                    \
  types[at++] = {kind_of_letter(#signature[0]), kind_of_letter(#signature[1]), \
                 domain_of(kind_of_letter(#signature[sizeof #signature - 2]))};
#include "engine/wasm/opcodes.inc"
  return types;
}

inline constexpr std::array<OpTypes, wasm::kOpCount> kOpTypes = make_op_types();

inline wasm::ValType operand_type(wasm::Op op) { return kOpTypes[static_cast<uint32_t>(op)].first; }
inline wasm::ValType second_type(wasm::Op op) { return kOpTypes[static_cast<uint32_t>(op)].second; }
inline Domain operand_domain(wasm::Op op) { return domain_of(operand_type(op)); }
inline Domain result_domain(wasm::Op op) { return kOpTypes[static_cast<uint32_t>(op)].result; }

}  // namespace wherry::lower
