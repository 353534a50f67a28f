// The two clocks that the engine itself needs, through the vDSO: about 20 ns each.
#include "engine/base/os/clock.h"

#include <ctime>

namespace wherry::base {

namespace {

uint64_t read_ns(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

}  // namespace

uint64_t monotonic_ns() { return read_ns(CLOCK_MONOTONIC); }
uint64_t realtime_ns() { return read_ns(CLOCK_REALTIME); }

}  // namespace wherry::base
