// futex(2), private to the process. FUTEX_WAIT_BITSET takes an absolute time of CLOCK_MONOTONIC, so that a sleep that is
// interrupted by signals does not get longer with each.
//
// Rejected: std::atomic::wait (no time limit), condition variables (notifying takes a lock, which a signal handler may
// not).
#include "engine/base/os/futex.h"

#include <cerrno>
#include <climits>
#include <ctime>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace wherry::base {

static_assert(sizeof(std::atomic<uint32_t>) == 4 && std::atomic<uint32_t>::is_always_lock_free);

void sleep_while(const std::atomic<uint32_t>& word, uint32_t expected, uint64_t until_ns) {
  const timespec until{static_cast<time_t>(until_ns / 1'000'000'000),
                       static_cast<long>(until_ns % 1'000'000'000)};
  syscall(SYS_futex, &word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, expected,
          until_ns == kNoTimeLimit ? nullptr : &until, nullptr, FUTEX_BITSET_MATCH_ANY);
}

void wake_all(const std::atomic<uint32_t>& word) {
  const int before = errno;  // A signal handler may be calling.
  syscall(SYS_futex, &word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, INT_MAX, nullptr, nullptr, 0);
  errno = before;
}

}  // namespace wherry::base
