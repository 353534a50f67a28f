// Address space that is used again.
//
// An idle reservation keeps little memory of the machine (MADV_DONTNEED gives the pages back, and what is read
// there next are zeros: so Linux says of private anonymous mappings, and of those only). Address space is plentiful, and the number is
// limited all the same: 256 of 4 GiB are a hundredth of what a process has.
//
// Up to sixteen are emptied at a time, by one call (process_madvise): 0.25 us each instead of 0.5, and 0.7 instead of 1.6 where a
// page was touched. Until then, or until somebody asks and no other is there, they hold what their last owner wrote, at most 4 MiB in
// all; nobody is given one that was not emptied.
//
// Pages that its owner says it wrote (the data of a module, mostly) are cleared instead, 0.1 us each: giving such a page back and
// having the next one made by a fault is 2.5 us. They are the memory that an idle reservation keeps, 64 KiB at most.
//
// State of the process: its address space is, and engines come and go.
#include "engine/base/os/reservation_pool.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <span>
#include <utility>

#include "engine/base/os/virtual_memory.h"

namespace wherry::base {
namespace {

struct Idle {
  IdleReservation reservation;
  size_t size_bytes = 0;
};

constexpr size_t kMost = 256;
constexpr size_t kMostCommitted = 8 << 20;
constexpr size_t kBatch = 16;
constexpr size_t kMostInBatch = 4 << 20;

constinit std::mutex g_changing;
constinit Idle g_idle[kMost];
constinit size_t g_count = 0;
constinit Idle g_used[kBatch];  // Not emptied yet.
constinit size_t g_used_count = 0;
constinit size_t g_used_bytes = 0;

// Whether the advice does what Linux says; emulators of its system calls have answered yes and done nothing. Asked once.
bool is_advice_heeded() {
#ifdef __linux__
  enum : int { kUnknown, kYes, kNo };
  static constinit std::atomic<int> g_answer{kUnknown};
  const int known = g_answer.load(std::memory_order_relaxed);
  if (known != kUnknown) return known == kYes;
  const size_t size_bytes = page_size_bytes();
  auto* const page = static_cast<volatile uint8_t*>(map_zeros(size_bytes));
  if (page == nullptr) return false;
  *page = 1;
  void* const address = const_cast<uint8_t*>(page);
  const bool is_heeded = madvise(address, size_bytes, MADV_DONTNEED) == 0 && *page == 0;
  release_pages(address, size_bytes);
  g_answer.store(is_heeded ? kYes : kNo, std::memory_order_relaxed);
  return is_heeded;
#else
  return false;
#endif
}

// Whether the pages are zeros now.
bool empty_pages(void* address, size_t size_bytes) {
  if (size_bytes == 0) return true;
  return is_advice_heeded() ? madvise(address, size_bytes, MADV_DONTNEED) == 0
                            : discard_pages(address, size_bytes);
}

// What of a reservation is not cleared but given back: all that is committed but the resident part.
struct Rest {
  explicit Rest(const IdleReservation& it) {
    auto* const base = static_cast<uint8_t*>(it.base);
    const size_t resident_end = it.resident_begin + it.resident_bytes;
    ranges[0] = {base, it.resident_bytes == 0 ? it.committed_bytes : it.resident_begin};
    ranges[1] = {base + resident_end, it.resident_bytes == 0 ? 0 : it.committed_bytes - resident_end};
  }
  iovec ranges[2];
};

// Asks the system to empty all of them by one call. False: it did not, or not all.
bool advise_at_once(std::span<const Idle> used) {
#if defined(__linux__) && defined(SYS_process_madvise)
  constexpr int kOwnProcess = -10'000;  // Linux 6.14; older kernels know no such descriptor.
  iovec ranges[2 * kBatch];
  size_t count = 0, size_bytes = 0;
  for (const Idle& idle : used) {
    for (const iovec& range : Rest(idle.reservation).ranges) {
      if (range.iov_len == 0) continue;
      ranges[count++] = range;
      size_bytes += range.iov_len;
    }
  }
  return count == 0 || syscall(SYS_process_madvise, kOwnProcess, ranges, count, MADV_DONTNEED, 0) ==
                           static_cast<long>(size_bytes);
#else
  static_cast<void>(used);
  return false;
#endif
}

// Whether that can be had here and does what it says. Asked once.
bool is_advice_at_once_heeded() {
  enum : int { kUnknown, kYes, kNo };
  static constinit std::atomic<int> g_answer{kUnknown};
  const int known = g_answer.load(std::memory_order_relaxed);
  if (known != kUnknown) return known == kYes;
  const size_t size_bytes = page_size_bytes();
  void* const address = map_zeros(size_bytes);
  if (address == nullptr) return false;
  auto* const page = static_cast<volatile uint8_t*>(address);
  *page = 1;
  const Idle idle{{address, size_bytes, 0, 0}, size_bytes};
  const bool is_heeded = is_advice_heeded() && advise_at_once({&idle, 1}) && *page == 0;
  release_pages(address, size_bytes);
  g_answer.store(is_heeded ? kYes : kNo, std::memory_order_relaxed);
  return is_heeded;
}

// Empties all of them and answers how many; those that cannot be emptied are released, the others stand in front.
size_t empty_batch(std::span<Idle> used) {
  for (const Idle& idle : used) {
    const IdleReservation& it = idle.reservation;
    // SAFETY: committed, and nobody's any more.
    std::memset(static_cast<uint8_t*>(it.base) + it.resident_begin, 0, it.resident_bytes);
  }
  if (used.size() > 1 && is_advice_at_once_heeded() && advise_at_once(used)) return used.size();
  size_t emptied = 0;
  for (const Idle& idle : used) {
    const Rest rest(idle.reservation);
    if (empty_pages(rest.ranges[0].iov_base, rest.ranges[0].iov_len) &&
        empty_pages(rest.ranges[1].iov_base, rest.ranges[1].iov_len)) {
      used[emptied++] = idle;
    } else {
      release_pages(idle.reservation.base, idle.size_bytes);
    }
  }
  return emptied;
}

void keep_emptied(std::span<const Idle> emptied) {
  const std::lock_guard lock(g_changing);
  for (const Idle& idle : emptied) {
    if (g_count < kMost) {
      g_idle[g_count++] = idle;
    } else {
      release_pages(idle.reservation.base, idle.size_bytes);
    }
  }
}

}  // namespace

IdleReservation take_idle_reservation(size_t size_bytes) {
  Idle used[kBatch];
  size_t count = 0;
  {
    const std::lock_guard lock(g_changing);
    if (g_count != 0) {
      if (g_idle[g_count - 1].size_bytes != size_bytes) return {};
      return g_idle[--g_count].reservation;
    }
    count = std::exchange(g_used_count, 0);
    g_used_bytes = 0;
    std::copy_n(g_used, count, used);
  }
  count = empty_batch({used, count});
  if (count == 0) return {};
  const bool fits = used[count - 1].size_bytes == size_bytes;
  keep_emptied({used, fits ? count - 1 : count});
  return fits ? used[count - 1].reservation : IdleReservation{};
}

bool keep_idle_reservation(const IdleReservation& reservation, size_t size_bytes, bool is_anonymous) {
  const size_t committed_bytes = reservation.committed_bytes;
  if (!is_anonymous || committed_bytes > kMostCommitted) return false;
  Idle idle{reservation, size_bytes};
  IdleReservation& kept = idle.reservation;
  if (kept.resident_bytes > kMostResident || kept.resident_begin > committed_bytes ||
      kept.resident_bytes > committed_bytes - kept.resident_begin) {
    kept.resident_begin = kept.resident_bytes = 0;
  }
  Idle used[kBatch];
  size_t count = 0;
  {
    const std::lock_guard lock(g_changing);
    if (g_count + g_used_count >= kMost) return false;
    if (g_used_count + 1 < kBatch && g_used_bytes + committed_bytes <= kMostInBatch) {
      g_used_bytes += committed_bytes;
      g_used[g_used_count++] = idle;
      return true;
    }
    count = std::exchange(g_used_count, 0);
    g_used_bytes = 0;
    std::copy_n(g_used, count, used);
  }
  used[count++] = idle;
  keep_emptied({used, empty_batch({used, count})});
  return true;
}

bool release_idle_reservations() {
  const std::lock_guard lock(g_changing);
  const bool were_any = g_count + g_used_count != 0;
  while (g_count != 0) {
    const Idle& idle = g_idle[--g_count];
    release_pages(idle.reservation.base, idle.size_bytes);
  }
  while (g_used_count != 0) {
    const Idle& idle = g_used[--g_used_count];
    release_pages(idle.reservation.base, idle.size_bytes);
  }
  g_used_bytes = 0;
  return were_any;
}

}  // namespace wherry::base
