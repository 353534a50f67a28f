#pragma once

#include <cstdint>

#include "engine/wasm/types.h"

namespace wherry::lower {

// Which accumulator a value would be in.
enum class Domain : uint8_t { Int, F32, F64, Vector };

constexpr Domain domain_of(wasm::ValType type) {
  if (type == wasm::kF32) return Domain::F32;
  if (type == wasm::kF64) return Domain::F64;
  if (type == wasm::kV128) return Domain::Vector;
  return Domain::Int;
}

// A v128 constant.
struct VectorBits {
  uint64_t low = 0;
  uint64_t high = 0;
};

// What lowering knows of an operand. Every stack position has a slot of its own, `slot`; only a Temp has its
// value there (or, until somebody needs the slot, in an accumulator). The others are read from their source when
// they are consumed, which is what makes most local.get and const cost nothing.
struct Value {
  enum class Kind : uint8_t {
    Temp,
    Local,  // The current value of local().
    Const,  // `bits`; of a v128 its number in the pool (Emitter::vector_constant).
    Sum,    // An i32: local() plus the local addend(), or plus the constant addend().
  };

  Kind kind = Kind::Temp;
  bool sum_of_locals = false;
  uint32_t slot = 0;
  uint64_t bits = 0;  // Of a Const; else the local in the lower half and what is added in the upper.

  static Value temp(uint32_t slot) { return {Kind::Temp, false, slot, 0}; }
  static Value constant(uint32_t slot, uint64_t bits) { return {Kind::Const, false, slot, bits}; }
  static Value of_local(uint32_t slot, uint32_t local) { return {Kind::Local, false, slot, local}; }
  static Value sum(uint32_t slot, uint32_t local, uint32_t addend, bool of_locals) {
    return {Kind::Sum, of_locals, slot, local | uint64_t{addend} << 32};
  }

  uint32_t local() const { return static_cast<uint32_t>(bits); }
  uint32_t addend() const { return static_cast<uint32_t>(bits >> 32); }
  // The two operands of a Sum.
  Value sum_left() const { return of_local(slot, local()); }
  Value sum_right() const { return sum_of_locals ? of_local(slot, addend()) : constant(slot, addend()); }

  bool is_temp() const { return kind == Kind::Temp; }
  bool is_const() const { return kind == Kind::Const; }
  // Whether writing `index` would change it.
  bool reads_local(uint32_t index) const {
    if (kind == Kind::Local) return local() == index;
    return kind == Kind::Sum && (local() == index || (sum_of_locals && addend() == index));
  }
};
static_assert(sizeof(Value) == 16);  // It is passed by value, in two registers.

}  // namespace wherry::lower
