// Handlers of two vectors: Slots{a, b, d}, and the two words of a constant when the second is one (core spec 4.3.5).
// A constant has a class of its own because compilers put v128.const inside loops: it costs nothing to make again where
// they come from.
#include "engine/interpret/simd_steps.h"

namespace wherry::interpret {
namespace {

template <Op op>
struct BinaryEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    constexpr From a = vector_from(index / lower::kVectorTos / 3);
    constexpr From b = vector_from(index / lower::kVectorTos % 3);
    if constexpr (a == From::Acc && b == From::Acc)
      return 0;
    else
      return word_of(&vector_hot<VectorBinary<op, a, b, vector_to(index)>>);
  }
};

}  // namespace

constinit const RowsOf<VectorShape::Binary, lower::kVectorBinaryForms> kVectorBinary =
    make_vector_rows<VectorShape::Binary, lower::kVectorBinaryForms, BinaryEntry>(
        lower::StepForm::VectorBinary);

}  // namespace wherry::interpret
