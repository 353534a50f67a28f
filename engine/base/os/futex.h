#pragma once

#include <atomic>
#include <cstdint>

// Sleeping until a word changes: what condition variables are made of, without a lock, so that a signal handler can
// wake a sleeper up.
namespace wherry::base {

// Sleeps while `word` is `expected`, until somebody wakes it or the clock of monotonic_ns() passes `until_ns`. May also
// return for no reason: look again.
void sleep_while(const std::atomic<uint32_t>& word, uint32_t expected, uint64_t until_ns);
inline constexpr uint64_t kNoTimeLimit = ~uint64_t{0};

// Wakes all that sleep on `word`, which the caller has changed. Any thread; async-signal-safe.
void wake_all(const std::atomic<uint32_t>& word);

}  // namespace wherry::base
