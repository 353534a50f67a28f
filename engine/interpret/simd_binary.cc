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

// With the pinned local as an operand, in other combinations; and the others once more, that a row has them all.
template <Op op>
struct PinnedEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    constexpr lower::PinnedForm kForm = lower::pinned_form(index);
    if constexpr (lower::has_pinned(op, kForm.a, kForm.b))
      return lower::numbered(
          word_of(&vector_hot<VectorBinary<op, kForm.a, kForm.b, kForm.to>>),
          lower::Step{
              .form = lower::StepForm::VectorBinary, .op = op, .a = kForm.a, .b = kForm.b, .to = kForm.to});
    else
      return 0;
  }
};

constexpr auto make_pinned() {
  VectorRows<lower::kPinnedVectorCount, lower::kVectorPinnedForms> rows{};
  [&]<uint32_t... i>(std::integer_sequence<uint32_t, i...>) {
    (
        [&] {
          constexpr auto kRow =
              make_row<lower::kVectorPinnedForms>(PinnedEntry<lower::kPinnedVectorOps[i]>());
          for (uint32_t form = 0; form < lower::kVectorPinnedForms; ++form)
            rows.cells[i][form] = kRow.cells[form];
        }(),
        ...);
  }(std::make_integer_sequence<uint32_t, lower::kPinnedVectorCount>());
  return rows;
}

}  // namespace

constinit const VectorRows<lower::kPinnedVectorCount, lower::kVectorPinnedForms> kVectorPinned =
    make_pinned();
constinit const RowsOf<VectorShape::Binary, lower::kVectorBinaryForms> kVectorBinary =
    make_vector_rows<VectorShape::Binary, lower::kVectorBinaryForms, BinaryEntry>(
        lower::StepForm::VectorBinary);

}  // namespace wherry::interpret
