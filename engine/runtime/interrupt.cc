// The epoch is the monotonic clock in milliseconds, not a count of ticks: a late tick then delays a deadline and never
// moves it, and a store that slept for an hour needs no catching up. Whoever holds the clock brings it up to date at
// once, since it stood still while nobody did.
//
// The ticker sleeps until the soonest epoch that somebody waits for: a thread that wakes up each millisecond takes 2 to 7 % of what a guest takes
// on a virtual machine, most of it in the kernel.
//
// Only loops of the interpreter read the epoch. Calls compare the room that is left with one word of their store, and native code its
// frame's address with another, which both have to do anyway for the stack's sake. The ticker writes these words when a store's
// deadline is reached.
#include "engine/runtime/interrupt.h"

#include <algorithm>

#include "engine/base/os/clock.h"

namespace wherry::runtime {

InterruptClock::InterruptClock() : ticker_(tick, this) {}

bool InterruptClock::hold(InterruptState& state) {
  bring_up_to_date();
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

void InterruptClock::lower_soonest(uint64_t epoch) {
  uint64_t soonest = soonest_.load();
  while (epoch < soonest && !soonest_.compare_exchange_weak(soonest, epoch)) {}
}

// The ticker says that it does not know before it reads what is expected, and what it has made of that afterwards: so either it reads
// this epoch, or it is woken.
void InterruptClock::expect(uint64_t epoch) {
  lower_soonest(epoch);
  if (epoch < sleeps_until_.load()) ticker_.wake();
}

uint64_t InterruptClock::bring_up_to_date() {
  const uint64_t epoch = base::monotonic_ns() / kTickNs;
  // Two writers may cross and the older value stay for a tick: harmless, the next one is right.
  epoch_.store(epoch, std::memory_order_relaxed);
  if (epoch >= soonest_.load()) make_look(epoch);
  return epoch;
}

uint64_t InterruptClock::tick(void* self) {
  auto& clock = *static_cast<InterruptClock*>(self);
  clock.sleeps_until_.store(kNever);
  const uint64_t epoch = clock.bring_up_to_date();
  const uint64_t soonest = std::clamp(clock.soonest_.load(), epoch + 1, epoch + kLongestTicks);
  clock.sleeps_until_.store(soonest);
  const uint64_t now_ns = base::monotonic_ns();
  return soonest * kTickNs > now_ns ? soonest * kTickNs - now_ns : 0;
}

// Those that are due stay so until they look, and are told again with each tick: one that armed itself at the same moment
// cannot miss it. What is expected meanwhile is either seen in the list or comes behind the reset.
void InterruptClock::make_look(uint64_t epoch) {
  const std::lock_guard lock(mutex_);
  soonest_.store(kNever);
  uint64_t soonest = kNever;
  for (InterruptState* at = first_; at != nullptr; at = at->next) {
    const uint64_t deadline = at->state.deadline_epoch.load();
    if (epoch >= deadline) at->make_look();
    soonest = std::min(soonest, deadline);
  }
  lower_soonest(soonest);
}

}  // namespace wherry::runtime
