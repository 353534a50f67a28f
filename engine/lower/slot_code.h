#pragma once

#include <array>
#include <cstdint>

#include "engine/abi/cell.h"
#include "engine/wasm/instruction.h"

// The slot code of the interpreter: what lowering writes and handlers run.
//
// Code is a sequence of 8-byte words (abi::Cell). An instruction is a handler's address, one word of packed
// operands, and for some forms one or two words of immediates. Values live in the 8-byte slots of a frame (see
// docs/abi.md); besides, three accumulators hold the newest value of their domain (integers and references: acc,
// f32: fa, f64: da), two registers mirror the two most used integer locals (pin0, pin1), two the most used f64
// locals (dpin0, dpin1), one a v128 (vpin): Pin0 and Pin1 are those of the operand's domain. Invariants:
//   - a local's slot is always current: writes to a pinned local go to the slot too;
//   - a handler with destination Slot, Pin0 or Pin1 also leaves the value in its accumulator;
//   - an i32 or f32 in a slot or in acc has its upper half zero.
// Branch distances and table entries count words from the beginning of the branching instruction.
namespace wherry::lower {

using abi::Cell;

// Where an operand comes from.
enum class From : uint8_t { Slot, Const, Acc, Pin0, Pin1 };
inline constexpr uint32_t kFromCount = 5;
// Where a result goes. Acc: to the accumulator only.
enum class To : uint8_t { Slot, Acc, Pin0, Pin1 };
inline constexpr uint32_t kToCount = 4;

// Operand words. Slots are unsigned 16-bit indices from the frame's base.
struct Slots {  // Most instructions: two sources, a destination, and a third source or small offset.
  uint16_t a, b, d, e;
};
struct SlotsOffset {  // Loads and stores: an address, a value or destination, a 32-bit offset.
  uint16_t a, d;
  uint32_t offset;
};
struct SlotsBranch {  // Branches: two sources and a distance in words.
  uint16_t a, b;
  int32_t distance;
};
struct WideMove {  // Moves beyond slot 65,535.
  uint32_t from, to;
};

// Returns from frames with fewer slots of parameters than this have handlers that know where the header is.
inline constexpr uint32_t kNearHeaders = 4;

// Looks at the deadline that do not look at the clock, between two that do; and how many bytes of a function make each cost one more.
inline constexpr uint32_t kLookEvery = 1024;
inline constexpr uint32_t kBytesPerLook = 1024;

// Guarded accesses have smaller offsets than this, so that they end within a reservation of 4 GiB + 32 MiB.
inline constexpr uint64_t kGuardedOffsetLimit = (uint64_t{32} << 20) - 64;

// A handler's address as a word; 0 in a table: this combination does not exist and lowering takes another
// (Acc, Pin0 and Pin1 may always be replaced by Slot, provided the value was stored there).
using Handler = Cell;

enum class Shape : uint8_t { None, Binary, Unary, Load, Store };

// The family an instruction belongs to, by its signature: Binary (II_I, II... , also comparisons), Unary, Load,
// Store of 32-bit memories; None for all others.
constexpr Shape shape_of(const char* signature, bool is_access) {
  const auto same = [signature](const char* text) {
    const char* left = signature;
    while (*left != 0 && *left == *text) ++left, ++text;
    return *left == *text;
  };
  for (const char* text : {"II_I", "LL_L", "LL_I", "FF_F", "FF_I", "DD_D", "DD_I"}) {
    if (same(text)) return Shape::Binary;
  }
  for (const char* text : {"I_I", "I_L", "I_F", "I_D", "L_I", "L_L", "L_F", "L_D", "F_I", "F_L", "F_F", "F_D",
                           "D_I", "D_L", "D_F", "D_D"}) {
    if (same(text)) return Shape::Unary;
  }
  if (is_access) {
    for (const char* text : {"A_I", "A_L", "A_F", "A_D"}) {
      if (same(text)) return Shape::Load;
    }
    for (const char* text : {"AI_x", "AL_x", "AF_x", "AD_x"}) {
      if (same(text)) return Shape::Store;
    }
  }
  return Shape::None;
}

struct Family {
  Shape shape = Shape::None;
  uint8_t index = 0;  // Dense within its shape.
};

struct FamilyTable {
  std::array<Family, wasm::kOpCount> of{};
  uint32_t count[5] = {};
};

constexpr FamilyTable make_families() {
  FamilyTable table;
  const auto is_plain_access = [](wasm::Immediate immediate) {
    return immediate >= wasm::Immediate::MemArg1 && immediate <= wasm::Immediate::MemArg16;
  };
  uint32_t at = 0;
#define OP(name, code, text, immediate, signature, feature)                                      \
  {                                                                                              \
    const Shape shape = shape_of(#signature, is_plain_access(wasm::Immediate::immediate));       \
    table.of[at++] = {shape, static_cast<uint8_t>(table.count[static_cast<uint32_t>(shape)]++)}; \
  }
#include "engine/wasm/opcodes.inc"
  return table;
}

inline constexpr FamilyTable kFamilies = make_families();
inline constexpr uint32_t kBinaryCount = kFamilies.count[1];
inline constexpr uint32_t kUnaryCount = kFamilies.count[2];
inline constexpr uint32_t kLoadCount = kFamilies.count[3];
inline constexpr uint32_t kStoreCount = kFamilies.count[4];
constexpr Family family_of(wasm::Op op) { return kFamilies.of[static_cast<uint32_t>(op)]; }

}  // namespace wherry::lower
