// Waiting by ppoll(2) in slices.
//
// A slice ends at the deadline, at the time waited for, or after kSlice, whichever comes first: interrupts
// (InterruptHandle) leave no trace that a system call would notice. Ten wake-ups a second are not measurable, and a
// tenth of a second is soon enough for a person. Without a store there is nothing to ask, and one call waits for all.
#include "wasi/host/wait.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#include <algorithm>
#include <chrono>

namespace wherry::wasi::host {

namespace {

constexpr uint64_t kSlice = 100'000'000;  // ns

}  // namespace

Patience::Pause::~Pause() {
  if (held_ == nullptr) return;
  const int error = errno;
  held_->lock();
  errno = error;
}

int Patience::check() {
  if (store_ == nullptr) return 0;
  failure = store_->check_interrupt();
  return failure.ok() ? 0 : ECANCELED;
}

std::optional<uint64_t> Patience::deadline() const {
  if (store_ == nullptr) return std::nullopt;
  const auto time = store_->deadline();
  if (!time) return std::nullopt;
  const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(time->time_since_epoch()).count();
  return since < 0 ? 0 : static_cast<uint64_t>(since);
}

uint64_t monotonic_now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

int wait(Patience& patience, std::span<pollfd> descriptors, std::optional<uint64_t> until, int& ready) {
  const std::optional<uint64_t> deadline = patience.deadline();
  while (true) {
    const uint64_t now = monotonic_now();
    uint64_t left = UINT64_MAX;
    if (until) left = *until > now ? *until - now : 0;
    const bool last = until && left == 0;
    if (patience.store() != nullptr) left = std::min(left, kSlice);
    if (deadline) left = std::min(left, *deadline > now ? *deadline - now : 0);

    timespec time = {static_cast<time_t>(left / 1'000'000'000), static_cast<long>(left % 1'000'000'000)};
    int result;
    {
      const Patience::Pause pause(patience);
      result = ppoll(descriptors.data(), descriptors.size(), left == UINT64_MAX ? nullptr : &time, nullptr);
    }
    if (result > 0) {
      ready = result;
      return 0;
    }
    if (result < 0 && errno != EINTR) return errno;
    if (result == 0 && last) {
      ready = 0;
      return 0;
    }
    if (int error = patience.check()) return error;
  }
}

int wait_for(Patience& patience, int fd, short events, bool block) {
  pollfd descriptor = {fd, events, 0};
  int ready = 0;
  const std::optional<uint64_t> until = block ? std::nullopt : std::optional<uint64_t>(0);
  if (int error = wait(patience, {&descriptor, 1}, until, ready)) return error;
  return ready == 0 ? EAGAIN : 0;
}

}  // namespace wherry::wasi::host
