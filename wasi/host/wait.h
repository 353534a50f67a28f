// Waiting, for as long as the guest may wait.
//
// A store can have a deadline, and others can interrupt it; neither wakes a system call. So whatever may take long is
// done in slices, and between them the store is asked whether to go on.
#pragma once

#include <poll.h>

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>

#include "wherry/result.h"
#include "wherry/store.h"

namespace wherry::wasi::host {

// How long a call may take: as its store allows, or forever without one.
//
// When a function that is given one returns ECANCELED, the guest has to stop: `failure` holds the trap to end its call with.
class Patience {
 public:
  // `held`: a lock that the call holds and that must not be held while it waits; null: none.
  explicit Patience(const StoreRef* store = nullptr, std::unique_lock<std::mutex>* held = nullptr)
      : store_(store), held_(held) {}

  // 0, or ECANCELED if the guest has to stop.
  [[nodiscard]] int check();

  // The deadline in nanoseconds of CLOCK_MONOTONIC, if there is one: only then is it worth while to cut into pieces
  // what would block.
  std::optional<uint64_t> deadline() const;

  const StoreRef* store() const { return store_; }
  bool holds_lock() const { return held_ != nullptr; }

  Result<void> failure;

  // Around a system call that may take long: others get the lock meanwhile. errno stays as the system call left it.
  class Pause {
   public:
    explicit Pause(Patience& patience) : held_(patience.held_) {
      if (held_ != nullptr) held_->unlock();
    }
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;
    ~Pause();

   private:
    std::unique_lock<std::mutex>* held_;
  };

 private:
  const StoreRef* store_;
  std::unique_lock<std::mutex>* held_;
};

// Nanoseconds of CLOCK_MONOTONIC.
uint64_t monotonic_now();

// Waits until a descriptor is ready or CLOCK_MONOTONIC has reached `until` (empty: forever), and fills in `revents`.
// `ready` is the number of descriptors with events; 0 at the end of time. Errors: ECANCELED, EINVAL, ENOMEM.
[[nodiscard]] int wait(Patience& patience, std::span<pollfd> descriptors, std::optional<uint64_t> until,
                       int& ready);

// Waits until one descriptor is ready for `events` (or broken, which reading or writing will find out). With `block`
// false it does not wait: EAGAIN. Errors also: those of wait.
[[nodiscard]] int wait_for(Patience& patience, int fd, short events, bool block);

}  // namespace wherry::wasi::host
