// Clocks and random numbers, each one system call (most clocks not even that).
//
// Random bytes come from getrandom(2), never from a generator of our own: it is fast enough (400 MB/s), it is right
// after fork, and there is no state to protect. A seed is for those who want the same numbers again, who must not want secrets.
#include "wasi/host/clocks.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <algorithm>
#include <bit>

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

SeededRandom::SeededRandom(uint64_t seed) {
  for (uint64_t& word : state_) {
    seed += 0x9e3779b97f4a7c15;
    uint64_t mixed = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    word = mixed ^ (mixed >> 31);
  }
}

uint64_t SeededRandom::next() {
  const uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
  const uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

Circumstances::Circumstances(const Capabilities& capabilities)
    : clocks_(capabilities.clocks), start_(host::monotonic_now()) {
  if (capabilities.random_seed) seeded_.emplace(*capabilities.random_seed);
}

uint64_t Circumstances::host_time_of(uint64_t instant) const {
  uint64_t base = start_;
  if (clocks_ != nullptr) {
    const uint64_t now = clocks_->monotonic_now();
    base = host::monotonic_now();
    instant = instant > now ? instant - now : 0;
  }
  uint64_t until = 0;
  return __builtin_add_overflow(base, instant, &until) ? UINT64_MAX : until;
}

int Circumstances::random(Patience& patience, std::span<uint8_t> out) {
  if (!seeded_) return random_bytes(patience, out);
  while (!out.empty()) {
    std::span<uint8_t> piece = out.first(std::min(out.size(), kRandomPiece));
    out = out.subspan(piece.size());
    while (!piece.empty()) {
      const uint64_t number = seeded_->next();
      const size_t size = std::min(piece.size(), sizeof number);
      memcpy(piece.data(), &number, size);
      piece = piece.subspan(size);
    }
    if (!out.empty()) {
      if (int error = patience.check()) return error;
    }
  }
  return 0;
}

}  // namespace wherry::wasi::host
