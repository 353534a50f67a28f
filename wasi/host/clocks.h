// The host's clocks and its random numbers.
#pragma once

#include <cstdint>
#include <span>

#include "wasi/host/wait.h"

namespace wherry::wasi::host {

// Nanoseconds since 1970. Times before that read as 0.
uint64_t wall_now();

// The smallest step of each clock, in nanoseconds, never 0. (monotonic_now() is in wait.h.)
uint64_t wall_resolution();
uint64_t monotonic_resolution();

// Fills `out` with random bytes fit for keys, in pieces between which the store is asked whether to go on. Errors:
// ECANCELED; EIO if the host has none to give.
[[nodiscard]] int random_bytes(Patience& patience, std::span<uint8_t> out);

}  // namespace wherry::wasi::host
