// Clocks and random numbers, each one system call (most clocks not even that).
//
// Random bytes come from getrandom(2), never from a generator of our own: it is fast enough (400 MB/s), it is right
// after fork, and there is no state to protect.
#include "wasi/host/clocks.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

#include <algorithm>

namespace wherry::wasi::host {

namespace {

constexpr size_t kRandomPiece = size_t{1} << 20;  // a few milliseconds

uint64_t resolution(clockid_t clock) {
  timespec time;
  if (clock_getres(clock, &time) != 0) return 1;
  const uint64_t step =
      static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
  return std::max<uint64_t>(step, 1);
}

}  // namespace

uint64_t wall_now() {
  timespec time;
  if (clock_gettime(CLOCK_REALTIME, &time) != 0 || time.tv_sec < 0) return 0;
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

uint64_t wall_resolution() { return resolution(CLOCK_REALTIME); }

uint64_t monotonic_resolution() { return resolution(CLOCK_MONOTONIC); }

int random_bytes(Patience& patience, std::span<uint8_t> out) {
  while (!out.empty()) {
    const ssize_t count = getrandom(out.data(), std::min(out.size(), kRandomPiece), 0);
    if (count < 0 && errno != EINTR) return EIO;
    if (count > 0) out = out.subspan(static_cast<size_t>(count));
    if (!out.empty()) {
      if (int error = patience.check()) return error;
    }
  }
  return 0;
}

}  // namespace wherry::wasi::host
