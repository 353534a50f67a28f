#pragma once

#include "engine/interpret/rows.h"

// Handlers of two operands: Slots{a, b, d}, and a constant if one operand is one.
namespace wherry::interpret {

template <Op op, From a, From b, To to>
struct Binary {
  static_assert(has_binary<op>(a, b, to));
  template <uint32_t at, class... Rest>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    using Operation = Operation<op>;
    using In = typename Operation::In;
    constexpr uint32_t kWords = a == From::Const || b == From::Const ? 3 : 2;
    const Slots slots = slots_at(pc + at + 1);
    const uint64_t constant = kWords == 3 ? pc[at + 2] : 0;
    const In x = WHERRY_GET(In, a, slots.a, constant);
    const In y = WHERRY_GET(In, b, slots.b, constant);
    if (const TrapCode code = Operation::trap(x, y); code != kNoTrap) [[unlikely]]
      WHERRY_STEP_TRAP(code);
    WHERRY_PUT(typename Operation::Out, to, slots.d, Operation::value(x, y));
    WHERRY_THEN(kWords);
  }
};

template <Op op>
struct BinaryEntry {
  template <uint32_t index>
  constexpr Cell operator()() const {
    constexpr From a = from_at(index / kTos / kFroms);
    constexpr From b = from_at(index / kTos);
    constexpr To to = to_at(index);
    if constexpr (has_binary<op>(a, b, to))
      return word_of(&hot<Binary<op, a, b, to>>);
    else
      return 0;
  }
};

template <Op op>
constinit const Row<kFroms * kFroms * kTos> BinaryRow<op>::row =
    make_row<kFroms * kFroms * kTos>(BinaryEntry<op>(), {lower::StepForm::Binary, op});

}  // namespace wherry::interpret
