#pragma once

#include "engine/interpret/dispatch.h"

// Small loops. A joined handler whose last step branches back to its first is a whole loop: it goes on in itself, with
// `pc` where it is, and neither dispatches nor waits for the next instruction's address, which is what such loops take
// their time for. Again stands behind the last step and says which handler that is.
namespace wherry::interpret {

template <class... Steps>
struct Again;

template <class... Steps>
WHERRY_HOT WHERRY_HANDLER looping(WHERRY_ARGS) {
  WHERRY_STATE;
  WHERRY_TAIL((kStep<0, Steps..., Again<Steps...>>));
}
template <class... Steps>
WHERRY_FAULTING WHERRY_HANDLER looping_guarded(WHERRY_ARGS) {
  WHERRY_STATE;
  WHERRY_TAIL((kStep<0, Steps..., Again<void, Steps...>>));
}

template <class... Steps>
struct Again {
  static constexpr auto kEntry = &looping<Steps...>;
  template <uint32_t at>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    WHERRY_NEXT(at);
  }
};
template <class... Steps>
struct Again<void, Steps...> {
  static constexpr auto kEntry = &looping_guarded<Steps...>;
  template <uint32_t at>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    WHERRY_NEXT(at);
  }
};

template <class... Rest>
inline constexpr bool kMayLoop = false;
template <class... Steps>
inline constexpr bool kMayLoop<Again<Steps...>> = true;
template <class First, class... Rest>
struct FirstOf {
  using Type = First;
};

// The taken branch of a step. In the loop build it always dispatches: a handler that calls itself would have a frame for
// every turn.
#ifdef WHERRY_DISPATCH_LOOP
#define WHERRY_STEP_GOTO(target_distance) WHERRY_GOTO(pc + at + (target_distance))
#else
#define WHERRY_STEP_GOTO(target_distance)            \
  do {                                               \
    const int32_t distance_ = (target_distance);     \
    if constexpr (kMayLoop<Rest...>) {               \
      if (distance_ == -static_cast<int32_t>(at)) {  \
        WHERRY_TAIL(FirstOf<Rest...>::Type::kEntry); \
      }                                              \
    }                                                \
    WHERRY_GOTO(pc + at + distance_);                \
  } while (0)
#endif

}  // namespace wherry::interpret
