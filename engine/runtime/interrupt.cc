// The epoch is the monotonic clock in milliseconds, not a count of ticks: a late tick then delays a deadline and never
// moves it, and a store that slept for an hour needs no catching up. Whoever holds the clock brings it up to date at
// once, since it stood still while nobody did.
#include "engine/runtime/interrupt.h"

#include "engine/base/os/clock.h"

namespace wherry::runtime {

InterruptClock::InterruptClock() : ticker_(kTickNs, tick, this) {}

bool InterruptClock::hold() {
  tick(this);
  return ticker_.hold();
}

void InterruptClock::tick(void* self) {
  // Two writers may cross and the older value stay for a tick: harmless, the next one is right.
  static_cast<InterruptClock*>(self)->epoch_.store(base::monotonic_ns() / kTickNs, std::memory_order_relaxed);
}

}  // namespace wherry::runtime
