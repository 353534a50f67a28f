#pragma once

#include "engine/abi/tier.h"

namespace wherry::runtime {

// The runtime's entries for all tiers; what Context::builtins points to. Constant data, any thread.
//
// Fuel of bulk operations, charged before they begin and after their bounds were checked: a unit for each 64 bytes
// (memory) or each 8 elements (tables) begun. table.grow costs what it writes, seen by the next look at the fuel;
// memory.grow takes constant time and costs nothing beyond its instruction. A throw costs a unit for each 16 clauses that are
// looked at in one frame. Large operations look at the deadline every
// 16 MiB; one that is interrupted there has done part of its work.
extern const abi::Builtins kBuiltins;

inline constexpr uint64_t kBytesPerFuel = 64;
inline constexpr uint64_t kElementsPerFuel = 8;
inline constexpr uint32_t kClausesPerFuel = 16;
inline constexpr uint64_t kInterruptChunkBytes = uint64_t{16} << 20;

}  // namespace wherry::runtime
