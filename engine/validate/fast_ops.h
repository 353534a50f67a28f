#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "engine/wasm/instruction.h"
#include "engine/wasm/types.h"

// The plain opcodes of opcodes.inc as eight-byte rows, so that the common instructions are validated from one
// look-up. Everything that is not here goes through wasm::read_instruction.
namespace wherry::validate {

enum class FastKind : uint8_t {
  Slow,    // Not here: prefixed, behind a feature, or with an immediate that is seldom met.
  Unary,   // One operand, one result.
  Binary,  // Two operands, one result.
  Load,    // With a MemArg; the address is the only operand.
  Store,   // With a MemArg; address and value.
  LocalGet,
  LocalSet,
  LocalTee,
  Block,  // Block, loop and if.
  Br,
  BrIf,
  Call,
  End,
  Index,  // Other Special ones with one index.
  Bare,   // Other Special ones without immediate.
  I32Const,
  I64Const,
};

struct FastRow {
  FastKind kind = FastKind::Slow;
  wasm::ValKind first = wasm::ValKind::Bottom;  // Operand types; that of an address stands in the memory.
  wasm::ValKind second = wasm::ValKind::Bottom;
  wasm::ValKind result = wasm::ValKind::Bottom;
  wasm::Op op = wasm::Op::Nop;
  uint8_t natural_align_log2 = 0;
};
static_assert(sizeof(FastRow) == 8);

consteval wasm::ValKind kind_of_letter(char letter) {
  switch (letter) {
    case 'I': return wasm::ValKind::I32;
    case 'L': return wasm::ValKind::I64;
    case 'F': return wasm::ValKind::F32;
    case 'D': return wasm::ValKind::F64;
    default: return wasm::ValKind::Bottom;
  }
}

consteval FastRow fast_row(wasm::Op op, wasm::Immediate immediate, std::string_view signature) {
  using wasm::Immediate;
  FastRow row;
  row.op = op;
  if (signature == "Special") {
    if (immediate == Immediate::None) row.kind = FastKind::Bare;
    if (immediate == Immediate::Label || immediate == Immediate::Func || immediate == Immediate::Local ||
        immediate == Immediate::Global) {
      row.kind = FastKind::Index;
    }
    if (op == wasm::Op::LocalGet) row.kind = FastKind::LocalGet;
    if (op == wasm::Op::LocalSet) row.kind = FastKind::LocalSet;
    if (op == wasm::Op::LocalTee) row.kind = FastKind::LocalTee;
    if (op == wasm::Op::Block || op == wasm::Op::Loop || op == wasm::Op::If) row.kind = FastKind::Block;
    if (op == wasm::Op::Br) row.kind = FastKind::Br;
    if (op == wasm::Op::BrIf) row.kind = FastKind::BrIf;
    if (op == wasm::Op::Call) row.kind = FastKind::Call;
    if (op == wasm::Op::End) row.kind = FastKind::End;
    return row;
  }
  const size_t bar = signature.find('_');
  if (immediate == Immediate::None && signature[0] != 'x') {
    row.kind = bar == 1 ? FastKind::Unary : FastKind::Binary;
    row.first = kind_of_letter(signature[0]);
    row.second = bar == 2 ? kind_of_letter(signature[1]) : wasm::ValKind::Bottom;
    row.result = kind_of_letter(signature[bar + 1]);
  }
  if (immediate >= Immediate::MemArg1 && immediate <= Immediate::MemArg8) {
    row.kind = bar == 1 ? FastKind::Load : FastKind::Store;
    row.second = bar == 2 ? kind_of_letter(signature[1]) : wasm::ValKind::Bottom;
    row.result = kind_of_letter(signature[bar + 1]);
    row.natural_align_log2 =
        static_cast<uint8_t>(static_cast<int>(immediate) - static_cast<int>(Immediate::MemArg1));
  }
  if (immediate == Immediate::I32) row.kind = FastKind::I32Const;
  if (immediate == Immediate::I64) row.kind = FastKind::I64Const;
  return row;
}

consteval std::array<FastRow, 256> make_fast_rows() {
  std::array<FastRow, 256> rows;
#define OP(name, code, text, immediate, signature, feature)                              \
  if (code < 256 && wasm::Feature::feature == wasm::Feature::Mvp) {                      \
    rows[code % 256] = fast_row(wasm::Op::name, wasm::Immediate::immediate, #signature); \
  }
#include "engine/wasm/opcodes.inc"
  return rows;
}

inline constexpr std::array<FastRow, 256> kFastRows = make_fast_rows();

}  // namespace wherry::validate
