// The epoch is the monotonic clock in milliseconds, not a count of ticks: a late tick then delays a deadline and never
// moves it, and a store that slept for an hour needs no catching up. Whoever holds the clock brings it up to date at
// once, since it stood still while nobody did.
//
// Native code does not read the epoch: it compares its frame's address with one word of its store, which it has to do anyway for
// the stack's sake. The ticker writes that word when a store's deadline is reached.
#include "engine/runtime/interrupt.h"

#include <algorithm>

#include "engine/base/os/clock.h"

namespace wherry::runtime {

InterruptClock::InterruptClock() : ticker_(kTickNs, tick, this) {}

bool InterruptClock::hold(InterruptState& state) {
  tick(this);
  if (!ticker_.hold()) return false;
  enlist(state);
  return true;
}

void InterruptClock::enlist(InterruptState& state) {
  const std::lock_guard lock(mutex_);
  if (state.holds++ != 0) return;
  state.next = first_;
  state.previous = nullptr;
  if (first_ != nullptr) first_->previous = &state;
  first_ = &state;
}

void InterruptClock::release(InterruptState& state) {
  {
    const std::lock_guard lock(mutex_);
    if (--state.holds == 0) {
      (state.previous == nullptr ? first_ : state.previous->next) = state.next;
      if (state.next != nullptr) state.next->previous = state.previous;
    }
  }
  ticker_.release();
}

void InterruptClock::expect(uint64_t epoch) {
  uint64_t soonest = soonest_.load();
  while (epoch < soonest && !soonest_.compare_exchange_weak(soonest, epoch)) {}
}

void InterruptClock::tick(void* self) {
  auto& clock = *static_cast<InterruptClock*>(self);
  const uint64_t epoch = base::monotonic_ns() / kTickNs;
  // Two writers may cross and the older value stay for a tick: harmless, the next one is right.
  clock.epoch_.store(epoch, std::memory_order_relaxed);
  if (epoch >= clock.soonest_.load()) clock.make_look(epoch);
}

// Those that are due stay so until they look, and are told again with each tick: one that armed itself at the same moment
// cannot miss it. What is expected meanwhile is either seen in the list or comes behind the reset.
void InterruptClock::make_look(uint64_t epoch) {
  const std::lock_guard lock(mutex_);
  soonest_.store(kNever);
  uint64_t soonest = kNever;
  for (InterruptState* at = first_; at != nullptr; at = at->next) {
    const uint64_t deadline = at->state.deadline_epoch.load();
    if (epoch >= deadline) at->state.native_look.store(~uintptr_t{0});
    soonest = std::min(soonest, deadline);
  }
  expect(soonest);
}

}  // namespace wherry::runtime
