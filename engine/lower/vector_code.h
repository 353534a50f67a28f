#pragma once

#include <array>
#include <cstdint>

#include "engine/lower/slot_code.h"

// The slot code of v128 (core spec 4.3.5): which shapes its instructions have, and the handlers of each.
//
// A v128 takes two consecutive slots, the low half first, and is named by the first of them; nothing is aligned to 16
// bytes. A fourth accumulator, va, holds the newest vector. Vectors have two classes of operand (Slot, Acc) and two of
// destination; a constant is a class of the second operand of Binary only (its two words follow). Some Binary instructions also
// have the pinned local's register as a class of operands and destinations (kPinnedVectorOps). Scalars that meet
// vectors (addresses, shift counts, lanes) keep their own classes. Where a table has 0, Slot is there instead.
namespace wherry::lower {

enum class VectorShape : uint8_t {
  None,
  Binary,
  Unary,
  Ternary,
  Shift,    // A vector and a count.
  Test,     // A vector; gives an i32.
  Extract,  // A lane of a vector.
  Replace,
  Splat,
  Shuffle,
  Const,
  Load,
  Store,
  LoadLane,
  StoreLane,
};
inline constexpr uint32_t kVectorShapeCount = 15;

constexpr VectorShape vector_shape_of(const char* signature, wasm::Immediate immediate) {
  using wasm::Immediate;
  const auto same = [signature](const char* text) {
    const char* left = signature;
    while (*left != 0 && *left == *text) ++left, ++text;
    return *left == *text;
  };
  const bool has_lane = immediate >= Immediate::Lane2 && immediate <= Immediate::Lane16;
  if (same("VV_V")) return immediate == Immediate::Shuffle ? VectorShape::Shuffle : VectorShape::Binary;
  if (same("V_V")) return VectorShape::Unary;
  if (same("VVV_V")) return VectorShape::Ternary;
  if (same("V_I")) return has_lane ? VectorShape::Extract : VectorShape::Test;
  if (same("V_L") || same("V_F") || same("V_D")) return VectorShape::Extract;
  if (same("VI_V")) return has_lane ? VectorShape::Replace : VectorShape::Shift;
  if (same("VL_V") || same("VF_V") || same("VD_V")) return VectorShape::Replace;
  if (same("I_V") || same("L_V") || same("F_V") || same("D_V")) return VectorShape::Splat;
  if (same("x_V")) return VectorShape::Const;
  if (same("A_V")) return VectorShape::Load;
  if (same("AV_V")) return VectorShape::LoadLane;
  if (same("AV_x")) return immediate == Immediate::MemArg16 ? VectorShape::Store : VectorShape::StoreLane;
  return VectorShape::None;
}

// What has forms with the pinned local: what loops of arithmetic consist of.
inline constexpr wasm::Op kPinnedVectorOps[] = {
    wasm::Op::F32x4Add, wasm::Op::F32x4Sub, wasm::Op::F32x4Mul, wasm::Op::F64x2Add, wasm::Op::F64x2Sub,
    wasm::Op::F64x2Mul, wasm::Op::I16x8Add, wasm::Op::I32x4Add, wasm::Op::V128Or,   wasm::Op::V128Xor,
};
inline constexpr uint32_t kPinnedVectorCount = sizeof kPinnedVectorOps / sizeof kPinnedVectorOps[0];

struct VectorFamily {
  VectorShape shape = VectorShape::None;
  uint8_t index = 0;   // Dense within its shape.
  uint8_t pinned = 0;  // 1 + the place in kPinnedVectorOps.
};

struct VectorFamilyTable {
  std::array<VectorFamily, wasm::kOpCount> of{};
  uint32_t count[kVectorShapeCount] = {};
};

constexpr VectorFamilyTable make_vector_families() {
  VectorFamilyTable table;
  uint32_t at = 0;
#define OP(name, code, text, immediate, signature, feature)                                       \
  {                                                                                               \
    const VectorShape shape = vector_shape_of(#signature, wasm::Immediate::immediate);            \
    table.of[at++] = {shape, static_cast<uint8_t>(table.count[static_cast<uint32_t>(shape)]), 0}; \
    ++table.count[static_cast<uint32_t>(shape)];                                                  \
  }
#include "engine/wasm/opcodes.inc"
  for (uint32_t i = 0; i < kPinnedVectorCount; ++i) {
    table.of[static_cast<uint32_t>(kPinnedVectorOps[i])].pinned = static_cast<uint8_t>(i + 1);
  }
  return table;
}

inline constexpr VectorFamilyTable kVectorFamilies = make_vector_families();
constexpr uint32_t vector_count(VectorShape shape) {
  return kVectorFamilies.count[static_cast<uint32_t>(shape)];
}
constexpr VectorFamily vector_family_of(wasm::Op op) { return kVectorFamilies.of[static_cast<uint32_t>(op)]; }

// Operand and destination classes of vectors, as indices.
inline constexpr uint32_t kVectorFroms = 2;  // Slot, Acc.
inline constexpr uint32_t kVectorTos = 2;    // Slot, Acc: as the first two of To.
constexpr uint32_t vector_index(From from) {
  return from == From::Slot ? 0 : from == From::Acc ? 1 : 2;  // Const.
}

inline constexpr uint32_t kVectorBinaryForms = kVectorFroms * 3 * kVectorTos;
// With the pinned local, for kPinnedVectorOps: [a: Slot, Acc, Pin0][b: Slot, Acc, Const, Pin0][to: Slot, Acc, Pin0].
inline constexpr uint32_t kVectorPinnedForms = 3 * 4 * 3;
struct PinnedForm {
  From a, b;
  To to;
};
constexpr PinnedForm pinned_form(uint32_t index) {
  constexpr From kFroms[] = {From::Slot, From::Acc, From::Const, From::Pin0};
  const uint32_t a = index / 12;
  return {a == 2 ? From::Pin0 : kFroms[a], kFroms[index / 3 % 4], static_cast<To>(index % 3)};
}
constexpr uint32_t pinned_index(From a, From b, To to) {
  const uint32_t left = a == From::Pin0 ? 2 : vector_index(a);
  const uint32_t right = b == From::Pin0 ? 3 : vector_index(b);
  return (left * 4 + right) * 3 + static_cast<uint32_t>(to);
}
// Whose operands may not change places; those of the others do, so that the pinned local is the first.
constexpr bool is_ordered(wasm::Op op) { return op == wasm::Op::F32x4Sub || op == wasm::Op::F64x2Sub; }
constexpr bool has_pinned(wasm::Op op, From a, From b) {
  if (a == From::Acc && b == From::Acc) return false;
  return b != From::Pin0 || a == From::Pin0 || is_ordered(op);
}
inline constexpr uint32_t kVectorUnaryForms = kVectorFroms * kVectorTos;
inline constexpr uint32_t kVectorTernaryForms = kVectorFroms * kVectorFroms * kVectorFroms * kVectorTos;
inline constexpr uint32_t kVectorScalarForms = kVectorFroms * kFromCount * kVectorTos;
inline constexpr uint32_t kVectorTestForms = kVectorFroms * kToCount;
inline constexpr uint32_t kVectorExtractForms = (1 + 4) * kToCount;
inline constexpr uint32_t kVectorSplatForms = kFromCount * kVectorTos;
inline constexpr uint32_t kVectorShuffleForms = kVectorFroms * kVectorFroms * kVectorTos;
inline constexpr uint32_t kVectorSelectForms = kVectorFroms * kVectorFroms * kFromCount * kVectorTos;
inline constexpr uint32_t kVectorLoadForms = kFromCount * kVectorTos;
inline constexpr uint32_t kVectorIndexedForms = kFromCount * kFromCount * kVectorTos;

// What is there once, whatever the instruction's number.
struct VectorData {
  Handler shuffle[kVectorShuffleForms];  // [a][b][to]. Slots{a, b, d}; 4 words: the lanes, below 32.
  // [a][b][From of the condition: Slot, Acc][to]. Slots{a, b, d, e: condition}; 2 words.
  Handler select[kVectorSelectForms];
  Handler move[kVectorUnaryForms];      // [a][to]. Slots{a, -, d}; 2 words.
  Handler constant[kVectorTos];         // Slots{-, -, d}; 4 words.
  Handler pin;                          // The accumulator to the pinned local's register; 2 words.
  Handler load_pin;                     // Slots{a}; 2 words. Leaves accumulators alone.
  Handler global_get[2][kVectorTos];    // [imported]. SlotsOffset{-, d, offset}; 2 words.
  Handler global_set[2][kVectorFroms];  // [imported][a]. SlotsOffset{a, -, offset}; 2 words.
  // [a]. Slots{a, b: 2, -, e: header}; 2 words. Acc only in a function that has parameters: without them the result
  // covers words of the header that a return to another instance still reads.
  Handler return_one[kVectorFroms];
};

// Memories other than the first, and 64-bit ones: Slots{a, b: value, d, e: lane}, offset, byte offset of the
// MemoryObject*; 4 words.
struct VectorAny {
  Handler load[vector_count(VectorShape::Load)];
  Handler store[1];
  Handler load_lane[vector_count(VectorShape::LoadLane)];
  Handler store_lane[vector_count(VectorShape::StoreLane)];
};

// Each pointer to rows leads to one row of forms for each instruction of the shape, by its index in the family.
struct VectorHandlers {
  // [a][b: Slot, Acc, Const][to]. Slots{a, b, d}; 2 words, 4 with a constant.
  const Handler (*binary)[kVectorBinaryForms];
  // By the place in kPinnedVectorOps, the same with the pinned local. [pinned_index].
  const Handler (*pinned)[kVectorPinnedForms];
  // [a][to]. Slots{a, -, d}; 2 words.
  const Handler (*unary)[kVectorUnaryForms];
  // [a][b][c][to]. Slots{a, b, d, e: c}; 2 words. At most one is Acc.
  const Handler (*ternary)[kVectorTernaryForms];
  // [a][From of the count][to]. Slots{a, b: slot of the count, d}; 2 words, 3 when the count is Const.
  const Handler (*shift)[kVectorScalarForms];
  // [a][To]. Slots{a, -, d}; 2 words.
  const Handler (*test)[kVectorTestForms];
  // [To] from a slot, then [lane][To] from the accumulator for lanes of 4 and 8 bytes. Slots{a, -, d, e: lane};
  // 2 words.
  const Handler (*extract)[kVectorExtractForms];
  // [a][From of the scalar: Slot, Acc][to]. Slots{a, b, d, e: lane}; 2 words.
  const Handler (*replace)[kVectorScalarForms];
  // [From][to]. Slots{a, -, d}; 2 words. No Const.
  const Handler (*splat)[kVectorSplatForms];
  const VectorData* data;

  // Memory 0 with a 32-bit index and offsets as HandlerTable::load has them. [From of the address][to].
  // SlotsOffset{a, d, offset}; 2 words.
  const Handler (*load)[kVectorLoadForms];
  // [a][b][to]. Slots{a, b, d, e}; 2 words, 3 when b is Const.
  const Handler (*load_indexed)[kVectorIndexedForms];
  const Handler* store;          // [a][value]. SlotsOffset{a, d: value, offset}; 2 words.
  const Handler* store_indexed;  // [a][b][value]. Slots{a, b, d: value, e}; 2 words, 3 when b is Const.
  // [From of the address]. SlotsOffset{a, d: destination, or vector of a store, offset}, Slots{vector, lane}; 3 words.
  const Handler (*load_lane)[kFromCount];
  const Handler (*store_lane)[kFromCount];
  const VectorAny* any;
};

}  // namespace wherry::lower
