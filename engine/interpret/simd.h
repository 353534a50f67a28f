#pragma once

#include "engine/interpret/rows.h"
#include "engine/interpret/simd_operations.h"

// What handlers of vectors share, and the rows that their files make. Which forms exist: all of Slot and Acc, but not
// two operands in one register; addresses and other scalars as their own rows say.
namespace wherry::interpret {

// Handlers of vectors lie together, apart from those that every module uses.
#define WHERRY_VECTOR __attribute__((section("wherry_vectors"))) static

template <From from>
WHERRY_INLINE V128 get_vector(const uint64_t* fp, uint16_t slot, V128 va, [[maybe_unused]] V128 vpin = {}) {
  if constexpr (from == From::Acc)
    return va;
  else if constexpr (from == From::Pin0)
    return vpin;
  else
    return vector_at(fp + slot);
}
template <To to>
WHERRY_INLINE void put_vector(uint64_t* fp, uint16_t slot, V128 value, V128& va) {
  va = value;
  if constexpr (to != To::Acc) set_vector(fp + slot, value);
}

// The class of a vector operand from its index in a row (lower::vector_index).
constexpr From vector_from(uint32_t index) {
  return index == 0 ? From::Slot : index == 1 ? From::Acc : From::Const;
}
constexpr To vector_to(uint32_t index) { return static_cast<To>(index % lower::kVectorTos); }

// One row of `forms` handlers for each instruction of a shape: Entry<op> is a function object as make_row takes it. Those with
// a StepForm carry their numbers.
template <uint32_t count, uint32_t forms>
struct VectorRows {
  Cell cells[count][forms];
};
template <VectorShape shape, uint32_t forms, template <Op> class Entry>
constexpr auto make_vector_rows(std::optional<lower::StepForm> form = {}) {
  constexpr uint32_t kCount = lower::vector_count(shape);
  VectorRows<kCount, forms> rows{};
  [&]<uint32_t... index>(std::integer_sequence<uint32_t, index...>) {
    (
        [&] {
          constexpr Op kOp = kVectorOps<shape>[index];
          constexpr auto kRow = make_row<forms>(Entry<kOp>());
          for (uint32_t i = 0; i < forms; ++i) {
            rows.cells[index][i] =
                form ? lower::numbered(kRow.cells[i], lower::number_of({*form, kOp}) + i) : kRow.cells[i];
          }
        }(),
        ...);
  }(std::make_integer_sequence<uint32_t, kCount>());
  return rows;
}

template <VectorShape shape, uint32_t forms>
using RowsOf = VectorRows<lower::vector_count(shape), forms>;

// simd_binary.cc
extern const RowsOf<VectorShape::Binary, lower::kVectorBinaryForms> kVectorBinary;
extern const VectorRows<lower::kPinnedVectorCount, lower::kVectorPinnedForms> kVectorPinned;
// simd_unary.cc
extern const RowsOf<VectorShape::Unary, lower::kVectorUnaryForms> kVectorUnary;
extern const RowsOf<VectorShape::Ternary, lower::kVectorTernaryForms> kVectorTernary;
// simd_lanes.cc
extern const RowsOf<VectorShape::Shift, lower::kVectorScalarForms> kVectorShift;
extern const RowsOf<VectorShape::Test, lower::kVectorTestForms> kVectorTest;
extern const RowsOf<VectorShape::Extract, lower::kVectorExtractForms> kVectorExtract;
extern const RowsOf<VectorShape::Replace, lower::kVectorScalarForms> kVectorReplace;
extern const RowsOf<VectorShape::Splat, lower::kVectorSplatForms> kVectorSplat;
// simd_data.cc: the rest of the table, but for accesses.
extern const lower::VectorData kVectorData;
// simd_guarded.cc and simd_checked.cc
template <Access access>
struct VectorAccess {
  static const RowsOf<VectorShape::Load, lower::kVectorLoadForms> load;
  static const RowsOf<VectorShape::Load, lower::kVectorIndexedForms> load_indexed;
  static const Row<kFroms * lower::kVectorFroms> store;
  static const Row<kFroms * kFroms * lower::kVectorFroms> store_indexed;
  static const RowsOf<VectorShape::LoadLane, kFroms> load_lane;
  static const RowsOf<VectorShape::StoreLane, kFroms> store_lane;
};
// simd_any.cc
extern const lower::VectorAny kVectorAny;

}  // namespace wherry::interpret
