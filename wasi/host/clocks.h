// The host's clocks and its random numbers, and what the embedder puts in their place.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "wasi/host/wait.h"
#include "wherry/wasi_capabilities.h"

namespace wherry::wasi::host {

// Nanoseconds since 1970. Times before that read as 0.
uint64_t wall_now();

// The smallest step of each clock, in nanoseconds, never 0. (monotonic_now() is in wait.h.)
uint64_t wall_resolution();
uint64_t monotonic_resolution();

// Fills `out` with random bytes fit for keys, in pieces between which the store is asked whether to go on. Errors:
// ECANCELED; EIO if the host has none to give.
[[nodiscard]] int random_bytes(Patience& patience, std::span<uint8_t> out);

// Numbers that look random and are computed from a seed: xoshiro256++, its state made by splitmix64, as its authors say. Bytes are
// those of the numbers, the lowest first; what is left of the last one is dropped.
class SeededRandom {
 public:
  explicit SeededRandom(uint64_t seed);
  uint64_t next();

 private:
  std::array<uint64_t, 4> state_;
};

// What a store's guests are told of time and chance.
class Circumstances {
 public:
  // As `capabilities` says; the host's monotonic clock is counted from now.
  explicit Circumstances(const Capabilities& capabilities);

  uint64_t wall_now() const { return clocks_ == nullptr ? host::wall_now() : clocks_->wall_now(); }
  uint64_t monotonic_now() const {
    return clocks_ == nullptr ? host::monotonic_now() - start_ : clocks_->monotonic_now();
  }
  // Whether the clocks are not the host's: then they do not say when waiting is over.
  bool has_own_clocks() const { return clocks_ != nullptr; }
  // When, in CLOCK_MONOTONIC, the guest's monotonic clock says `instant`; UINT64_MAX: never.
  uint64_t host_time_of(uint64_t instant) const;

  // Fills `out`, in pieces between which the store is asked whether to go on. Errors: those of random_bytes.
  [[nodiscard]] int random(Patience& patience, std::span<uint8_t> out);

 private:
  Clocks* clocks_;
  uint64_t start_;
  std::optional<SeededRandom> seeded_;
};

}  // namespace wherry::wasi::host
