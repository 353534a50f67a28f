// Handlers where scalars and vectors meet: shifts, tests, lanes, splats (core spec 4.3.5).
//
// A lane's number stands in the instruction. Reading one from a vector in its slots is a scalar load. From the
// accumulator it is an instruction of its own for each number: there for lanes of 4 and 8 bytes; the smaller ones are
// read from the slots, where they always are. Replacing goes by a mask.
#include "engine/interpret/simd_steps.h"

namespace wherry::interpret {
namespace {

template <Op op>
struct ShiftEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    constexpr From a = vector_from(index / lower::kVectorTos / kFroms);
    constexpr From count = from_at(index / lower::kVectorTos);
    if constexpr (is_pin(count))
      return 0;
    else
      return word_of(&vector_hot<VectorShift<op, a, count, vector_to(index)>>);
  }
};

template <Op op>
struct TestEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    return word_of(&vector_hot<VectorTest<op, vector_from(index / kTos), to_at(index)>>);
  }
};

template <Op op>
struct ExtractEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    using Operation = VectorOperation<op>;
    constexpr To to = to_at(index);
    constexpr uint32_t kForm = index / kTos;
    if constexpr (is_pin(to) && kIsFloat<typename Operation::Out>)
      return 0;
    else if constexpr (kForm == 0)
      return word_of(&vector_hot<VectorExtractSlot<op, to>>);
    else if constexpr (kLanes<typename Operation::Lanes> <= 4 && kForm <= kLanes<typename Operation::Lanes>)
      return word_of(&vector_hot<VectorExtractAcc<op, kForm - 1, to>>);
    else
      return 0;
  }
};

template <Op op>
struct ReplaceEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    constexpr From a = vector_from(index / lower::kVectorTos / kFroms);
    constexpr From scalar = from_at(index / lower::kVectorTos);
    if constexpr (is_pin(scalar) || scalar == From::Const)
      return 0;
    else
      return word_of(&vector_hot<VectorReplace<op, a, scalar, vector_to(index)>>);
  }
};

template <Op op>
struct SplatEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    constexpr From a = from_at(index / lower::kVectorTos);
    if constexpr (a == From::Const || (is_pin(a) && kIsFloat<typename VectorOperation<op>::In>))
      return 0;
    else
      return word_of(&vector_hot<VectorSplat<op, a, vector_to(index)>>);
  }
};

}  // namespace

constinit const RowsOf<VectorShape::Shift, lower::kVectorScalarForms> kVectorShift =
    make_vector_rows<VectorShape::Shift, lower::kVectorScalarForms, ShiftEntry>(lower::StepForm::VectorShift);
constinit const RowsOf<VectorShape::Test, lower::kVectorTestForms> kVectorTest =
    make_vector_rows<VectorShape::Test, lower::kVectorTestForms, TestEntry>(lower::StepForm::VectorTest);
constinit const RowsOf<VectorShape::Extract, lower::kVectorExtractForms> kVectorExtract =
    make_vector_rows<VectorShape::Extract, lower::kVectorExtractForms, ExtractEntry>();
constinit const RowsOf<VectorShape::Replace, lower::kVectorScalarForms> kVectorReplace =
    make_vector_rows<VectorShape::Replace, lower::kVectorScalarForms, ReplaceEntry>();
constinit const RowsOf<VectorShape::Splat, lower::kVectorSplatForms> kVectorSplat =
    make_vector_rows<VectorShape::Splat, lower::kVectorSplatForms, SplatEntry>(lower::StepForm::VectorSplat);

}  // namespace wherry::interpret
