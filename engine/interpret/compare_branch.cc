// The handlers of engine/interpret/compare_branch.h, for every comparison.
#include "engine/interpret/compare_branch.h"

namespace wherry::interpret {
namespace {

template <Op op>
struct CompareBranchEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    constexpr bool sense = index / kFroms / kFroms != 0;
    constexpr From a = from_at(index / kFroms);
    constexpr From b = from_at(index);
    if constexpr (has_compare_branch<op>(a, b))
      return word_of(&hot<CompareBranch<op, sense, a, b>>);
    else
      return 0;
  }
};

}  // namespace

template <Op op>
constinit const Row<2 * kFroms * kFroms> CompareBranchRow<op>::row =
    make_row<2 * kFroms * kFroms>(CompareBranchEntry<op>(), {lower::StepForm::CompareBranch, op});

#define WHERRY_IF_Compare(op) template struct CompareBranchRow<op>;
#define WHERRY_IF_Common(op)
#define WHERRY_IF_Ordered(op)
#define WHERRY_IF_Rare(op)
#define INTEGER(name, kind, trap, value) WHERRY_IF_##kind(Op::I32##name) WHERRY_IF_##kind(Op::I64##name)
#define FLOAT(name, kind, value) WHERRY_IF_##kind(Op::F32##name) WHERRY_IF_##kind(Op::F64##name)
#include "engine/interpret/operations.inc"
template struct CompareBranchRow<Op::I32And>;

}  // namespace wherry::interpret
