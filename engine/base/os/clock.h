#pragma once

#include <cstdint>

namespace wherry::base {

// Nanoseconds since some moment before the program began; never goes back. Same clock as std::chrono::steady_clock.
uint64_t monotonic_ns();

// Nanoseconds since 1970-01-01 00:00 UTC.
uint64_t realtime_ns();

}  // namespace wherry::base
