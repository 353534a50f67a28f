#pragma once

#include <cstdint>

namespace wherry::abi {

// One 8-byte word of slot code: a handler's address, packed operands, or an immediate.
using Cell = uint64_t;

// A reference in a slot: 0 is null; bit 0 set is an i31 (value in bits 1..31); otherwise a pointer to a FuncObject
// (funcref), a GC object, or a handle of the store (externref, exnref). See docs/abi.md.
using Ref = uint64_t;
inline constexpr Ref kNullRef = 0;
constexpr bool is_i31(Ref ref) { return (ref & 1) != 0; }

}  // namespace wherry::abi
