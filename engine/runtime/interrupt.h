#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include "engine/abi/context.h"
#include "engine/base/os/thread.h"
#include "engine/runtime/limits.h"
#include "engine/runtime/parking_lot.h"

namespace wherry::runtime {

struct InterruptState;

// The engine's interruption page: a number that running code compares with its store's deadline. It counts
// milliseconds of the monotonic clock, and is only kept up to date while some store has a deadline: then a thread of
// the engine writes it, at the moments that somebody expects. Thread-safe. Outlives the engine's stores.
class InterruptClock {
 public:
  static constexpr uint64_t kTickNs = 1'000'000;
  static constexpr uint64_t kLongestTicks = 100;  // Between two looks at the clock, when nothing is expected.
  static constexpr uint64_t kNever = ~uint64_t{0};

  InterruptClock();
  ~InterruptClock() = default;

  const std::atomic<uint64_t>* epoch() const { return &epoch_; }  // What Context::interrupt points to.

  // The first epoch that is reached only when the monotonic clock has passed `time_ns`. Never 0.
  static uint64_t epoch_after(uint64_t time_ns) { return time_ns / kTickNs + 1; }

  // While held the epoch reaches what is expected a tick late at most, and calls and native code of the store are made to look when it
  // reaches the store's deadline_epoch, a tick late at most. Counted. False if the thread could not be made.
  [[nodiscard]] bool hold(InterruptState& state);
  void release(InterruptState& state);
  // Has to be told of every deadline_epoch of a store that holds it.
  void expect(uint64_t epoch);

 private:
  static uint64_t tick(void* self);
  uint64_t bring_up_to_date();
  void lower_soonest(uint64_t epoch);
  void enlist(InterruptState& state);
  void make_look(uint64_t epoch);

  alignas(64) std::atomic<uint64_t> epoch_{0};
  alignas(64) base::Ticker ticker_;
  std::atomic<uint64_t> soonest_{kNever};       // No listed store has a deadline_epoch below it.
  std::atomic<uint64_t> sleeps_until_{kNever};  // The epoch of the next tick; kNever: it is being found out.
  std::mutex mutex_;
  InterruptState* first_ = nullptr;  // Of a list of those who hold it. Under the mutex.
};

// The part of a store that other threads may touch, and that lives on after it as long as somebody can: counted.
struct InterruptState {
  std::atomic<uint32_t> users{1};
  std::atomic<bool> requested{false};
  Sleeper sleeper;  // Of the thread that runs the store's guests.
  MemoryAccount memory{
      0};  // Of the store; shared memories that its modules made count here when it has ended, too.
  abi::StoreState state;
  uint32_t holds = 0;  // This and what follows belong to the clock.
  InterruptState* next = nullptr;
  InterruptState* previous = nullptr;

  // The store's guests trap with Interrupted as soon as they look; one that waits is woken to look. Any thread;
  // async-signal-safe.
  void interrupt() {
    requested.store(true);
    state.deadline_epoch.store(0);
    make_look();
    sleeper.nudge();
  }
  // Calls and native code are to look. The store's own thread arms them again when it has looked.
  void make_look() {
    state.call_limit.store(0);
    state.native_look.store(~uintptr_t{0});
  }
  void retain() { users.fetch_add(1, std::memory_order_relaxed); }
  void release() {
    if (users.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }
};

}  // namespace wherry::runtime
