// The handlers of engine/interpret/unary.h, for every instruction of one operand.
#include "engine/interpret/unary.h"

namespace wherry::interpret {
namespace {

template <Op op>
struct UnaryEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    constexpr From a = from_at(index / kTos);
    constexpr To to = to_at(index);
    if constexpr (has_unary<op>(a, to))
      return word_of(&hot<Unary<op, a, to>>);
    else
      return 0;
  }
};

}  // namespace

template <Op op>
constinit const Row<kFroms * kTos> UnaryRow<op>::row =
    make_row<kFroms * kTos>(UnaryEntry<op>(), {lower::StepForm::Unary, op});

#define UNARY(op, In, Out, trap, value) template struct UnaryRow<Op::op>;
#include "engine/interpret/operations.inc"

}  // namespace wherry::interpret
