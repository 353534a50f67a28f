// Handlers of one and of three vectors: Slots{a, b, d, e: c} (core spec 4.3.5).
#include "engine/interpret/simd_steps.h"

namespace wherry::interpret {
namespace {

template <Op op>
struct UnaryEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    return word_of(&vector_hot<VectorUnary<op, vector_from(index / lower::kVectorTos), vector_to(index)>>);
  }
};

template <Op op>
struct TernaryEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    constexpr From a = vector_from(index / lower::kVectorTos / 4);
    constexpr From b = vector_from(index / lower::kVectorTos / 2 % 2);
    constexpr From c = vector_from(index / lower::kVectorTos % 2);
    if constexpr ((a == From::Acc) + (b == From::Acc) + (c == From::Acc) > 1)
      return 0;
    else
      return word_of(&vector_hot<VectorTernary<op, a, b, c, vector_to(index)>>);
  }
};

}  // namespace

constinit const RowsOf<VectorShape::Unary, lower::kVectorUnaryForms> kVectorUnary =
    make_vector_rows<VectorShape::Unary, lower::kVectorUnaryForms, UnaryEntry>(lower::StepForm::VectorUnary);
constinit const RowsOf<VectorShape::Ternary, lower::kVectorTernaryForms> kVectorTernary =
    make_vector_rows<VectorShape::Ternary, lower::kVectorTernaryForms, TernaryEntry>(
        lower::StepForm::VectorTernary);

}  // namespace wherry::interpret
