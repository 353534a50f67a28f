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

// kNext: how a turn begins. kIsKnown: whether the branch was found to lead here, in the turn before.
template <class... Steps>
struct Again {
  static constexpr auto kNext = &looping<Steps...>;
  static constexpr bool kIsKnown = false;
  template <uint32_t at>
  static WHERRY_STEP run(WHERRY_ARGS) {
    WHERRY_STATE;
    WHERRY_NEXT(at);
  }
};
template <class... Steps>
struct Again<void, Steps...> : Again<Steps...> {
  static constexpr auto kNext = &looping_guarded<Steps...>;
};

// Loops that begin with a look at the deadline. They are short, so one in four turns looks; nor does the branch have to be read anew in
// the others.
struct Interrupt;
inline constexpr uint32_t kTurnsToLook = 4;
inline constexpr uint32_t kInterruptWords = 2;

template <uint32_t turn, class Entry, class... Steps>
struct Turn : Again<Steps...> {
  static constexpr auto kNext = kStep<kInterruptWords, Steps..., Turn<turn + 1, Entry, Steps...>>;
  static constexpr bool kIsKnown = turn != 1;
};
template <class Entry, class... Steps>
struct Turn<kTurnsToLook, Entry, Steps...> : Again<Steps...> {
  static constexpr auto kNext = Entry::kEntry;
  static constexpr bool kIsKnown = true;
};
template <class... Steps>
struct PlainEntry {
  static constexpr auto kEntry = &looping<Steps...>;
};
template <class... Steps>
struct GuardedEntry {
  static constexpr auto kEntry = &looping_guarded<Steps...>;
};
template <class... Steps>
struct Again<Interrupt, Steps...> : Turn<1, PlainEntry<Interrupt, Steps...>, Steps...> {};
template <class... Steps>
struct Again<void, Interrupt, Steps...> : Turn<1, GuardedEntry<Interrupt, Steps...>, Steps...> {};

template <class... Rest>
inline constexpr bool kMayLoop = false;
template <class... Steps>
inline constexpr bool kMayLoop<Again<Steps...>> = true;
template <uint32_t turn, class... Steps>
inline constexpr bool kMayLoop<Turn<turn, Steps...>> = true;
template <class First, class... Rest>
struct FirstOf {
  using Type = First;
};

// The taken branch of a step. In the loop build it always dispatches: a handler that calls itself would have a frame for
// every turn.
#ifdef WHERRY_DISPATCH_LOOP
#define WHERRY_STEP_GOTO(target_distance) WHERRY_GOTO(pc + at + (target_distance))
#else
#define WHERRY_STEP_GOTO(target_distance)                             \
  do {                                                                \
    const int32_t distance_ = (target_distance);                      \
    if constexpr (kMayLoop<Rest...>) {                                \
      using Loop = FirstOf<Rest...>::Type;                            \
      if (Loop::kIsKnown || distance_ == -static_cast<int32_t>(at)) { \
        WHERRY_TAIL(Loop::kNext);                                     \
      }                                                               \
    }                                                                 \
    WHERRY_GOTO(pc + at + distance_);                                 \
  } while (0)
#endif

}  // namespace wherry::interpret
