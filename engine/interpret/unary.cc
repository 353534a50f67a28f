// Handlers of one operand: Slots{a, -, d} (core spec 4.3.2 to 4.3.4).
#include "engine/interpret/rows.h"

namespace wherry::interpret {
namespace {

template <Op op, From a, To to>
WHERRY_HOT WHERRY_HANDLER unary(WHERRY_ARGS) {
  WHERRY_STATE;
  using Operation = Operation<op>;
  using In = typename Operation::In;
  const Slots slots = slots_at(pc + 1);
  const In x = WHERRY_GET(In, a, slots.a, 0);
  if (const TrapCode code = Operation::trap(x); code != kNoTrap) [[unlikely]]
    WHERRY_TRAP(code);
  WHERRY_PUT(typename Operation::Out, to, slots.d, Operation::value(x));
  WHERRY_NEXT(2);
}

template <Op op>
struct UnaryEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    constexpr From a = from_at(index / kTos);
    constexpr To to = to_at(index);
    if constexpr (has_unary<op>(a, to))
      return word_of(&unary<op, a, to>);
    else
      return 0;
  }
};

}  // namespace

template <Op op>
constinit const Row<kFroms * kTos> UnaryRow<op>::row = make_row<kFroms * kTos>(UnaryEntry<op>());

#define UNARY(op, In, Out, trap, value) template struct UnaryRow<Op::op>;
#include "engine/interpret/operations.inc"

}  // namespace wherry::interpret
