// Address space that is used again.
//
// An idle reservation keeps no memory of the machine but for its page tables (MADV_DONTNEED gives the pages back, and what is read
// there next are zeros: so Linux says of private anonymous mappings, and of those only). Address space is plentiful, and the number is
// limited all the same: 256 of 4 GiB are a hundredth of what a process has.
//
// State of the process: its address space is, and engines come and go.
#include "engine/base/os/reservation_pool.h"

#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <mutex>

#include "engine/base/os/virtual_memory.h"

namespace wherry::base {
namespace {

struct Idle {
  IdleReservation reservation;
  size_t size_bytes = 0;
};

constexpr size_t kMost = 256;
constexpr size_t kMostCommitted = 8 << 20;

constinit std::mutex g_changing;
constinit Idle g_idle[kMost];
constinit size_t g_count = 0;

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

}  // namespace

IdleReservation take_idle_reservation(size_t size_bytes) {
  const std::lock_guard lock(g_changing);
  if (g_count == 0 || g_idle[g_count - 1].size_bytes != size_bytes) return {};
  return g_idle[--g_count].reservation;
}

bool keep_idle_reservation(const IdleReservation& reservation, size_t size_bytes, bool is_anonymous) {
  if (!is_anonymous || reservation.committed_bytes > kMostCommitted) return false;
  {
    const std::lock_guard lock(g_changing);
    if (g_count == kMost) return false;
  }
  if (!empty_pages(reservation.base, reservation.committed_bytes)) return false;
  const std::lock_guard lock(g_changing);
  if (g_count == kMost) return false;
  g_idle[g_count++] = {reservation, size_bytes};
  return true;
}

bool release_idle_reservations() {
  const std::lock_guard lock(g_changing);
  const bool were_any = g_count != 0;
  while (g_count != 0) {
    const Idle& idle = g_idle[--g_count];
    release_pages(idle.reservation.base, idle.size_bytes);
  }
  return were_any;
}

}  // namespace wherry::base
