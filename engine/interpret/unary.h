#pragma once

#include "engine/interpret/rows.h"

// Handlers of one operand: Slots{a, -, d} (core spec 4.3.2 to 4.3.4).
namespace wherry::interpret {

template <Op op, From a, To to>
struct Unary {
  static_assert(has_unary<op>(a, to));
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    using Operation = Operation<op>;
    using In = typename Operation::In;
    const Slots slots = slots_at(pc + at + 1);
    const In x = WHERRY_GET(In, a, slots.a, 0);
    if (const TrapCode code = Operation::trap(x); code != kNoTrap) [[unlikely]]
      WHERRY_STEP_TRAP(code);
    WHERRY_PUT(typename Operation::Out, to, slots.d, Operation::value(x));
    WHERRY_THEN(2);
  }
};

}  // namespace wherry::interpret
