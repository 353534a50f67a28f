#pragma once

#include <cstddef>

// Reservations for guarded memories that were given up and wait for the next memory: making one, committing its first pages and releasing
// it costs the system 6 us, emptying one that is kept 0.5 (docs/rationale.md). All functions are thread-safe.
namespace wherry::base {

// A range of address space of which nobody knows any more. The first `committed_bytes` can be written and hold zeros, the rest cannot be
// accessed.
struct IdleReservation {
  void* base = nullptr;
  size_t committed_bytes = 0;
  // Whole pages that its owner wrote, so that there is memory of the machine behind them: they are cleared and stay. Only of those that
  // are given, and ignored beyond kMostResident.
  size_t resident_begin = 0;
  size_t resident_bytes = 0;
};
inline constexpr size_t kMostResident = 64 << 10;

// One of exactly `size_bytes`, which is the caller's from then on; a null base if there is none.
IdleReservation take_idle_reservation(size_t size_bytes);

// Keeps a reservation, and empties it: when sixteen or 4 MiB wait for it, or before somebody gets it. `is_anonymous`: nothing
// was mapped over its pages. False: it is still the caller's, because there are enough, or because so much is committed
// that looking through it costs more than a new one.
[[nodiscard]] bool keep_idle_reservation(const IdleReservation& reservation, size_t size_bytes,
                                         bool is_anonymous);

// Releases all of them, for a process that runs out of address space. Whether there were any.
bool release_idle_reservations();

}  // namespace wherry::base
