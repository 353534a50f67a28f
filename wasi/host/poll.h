// Waiting for several things at once: what pollables of WASI 0.2 stand for.
#pragma once

#include <cstdint>
#include <span>

#include "engine/base/vector.h"
#include "wasi/host/ref.h"
#include "wasi/host/wait.h"

namespace wherry::wasi::host {

// What a source waits for now: a descriptor, a time, or both (whichever comes first).
struct Interest {
  int fd = -1;  // -1: none
  short events = 0;
  uint64_t until = UINT64_MAX;  // CLOCK_MONOTONIC in nanoseconds; UINT64_MAX: never

  static constexpr Interest ready() { return {.until = 0}; }
  static constexpr Interest in(int fd) { return {.fd = fd, .events = POLLIN}; }
  static constexpr Interest out(int fd) { return {.fd = fd, .events = POLLOUT}; }
  static constexpr Interest at(uint64_t until) { return {.until = until}; }
};

// Something that can be waited for. What it waits for may change from one wait to the next (a socket that connects, then
// listens), so it is asked each time.
class Source : public Counted {
 public:
  virtual Interest interest() = 0;

  // Called when the descriptor has events, or the time has come: whether that makes the source ready. False if it was
  // only a step on the way (a part of a buffer went out, one name server did not answer); then it is asked and waited
  // for again.
  virtual bool arrived() { return true; }
};

// Waits until at least one of `sources` is ready; `ready` gets the indices of all that are then, ascending. No thread is
// needed, and no order favours one: all that are ready are told each time. The same source may stand there more than once.
// Errors: ECANCELED (see Patience), ENOMEM, EINVAL for no sources.
[[nodiscard]] int wait_for_any(Patience& patience, std::span<Source* const> sources,
                               base::Vector<uint32_t>& ready);

// Waits for one.
[[nodiscard]] int wait_for_source(Patience& patience, Source& source);

// Whether it is ready now. Errors as wait_for_any.
[[nodiscard]] int is_ready(Patience& patience, Source& source, bool& ready);

// Ready from a point of CLOCK_MONOTONIC on.
class Timer : public Source {
 public:
  explicit Timer(uint64_t until) : until_(until) {}
  Interest interest() override { return Interest::at(until_); }

 private:
  uint64_t until_;
};

}  // namespace wherry::wasi::host
