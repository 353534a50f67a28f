// Waiting and notifying.
//
// A waiter is a record on its thread's stack, in the list of one of 16 buckets. The word is compared under the bucket's
// lock, and a notifier takes the same lock: whoever stores a new value and notifies afterwards either comes before the
// comparison, which then fails, or finds the waiter in the list.
//
// Sleeping itself is a futex on a counter that belongs to the thread and not to the address, because three things wake
// it: a notification, an interrupt, and time. Whoever wakes counts up first; the thread reads the counter, looks at all
// three reasons, and sleeps only while the counter is what it read. A notifier touches waiter and sleeper under the lock
// only, and the waiter takes that lock before it leaves: so neither outlives the other's use.
//
// Rejected: one lot for the process (a global, and guests would meet each other's buckets); a futex on the guest's word
// itself (8-byte words cannot, an interrupt could not wake it, and the count that notify returns would be the kernel's).
#include "engine/runtime/parking_lot.h"

#include "engine/base/os/clock.h"

namespace wherry::runtime {
namespace {

uint64_t load_word(const ParkingLot::Place& place) {
  // SAFETY: the caller checked that the word is aligned and within the memory, which never shrinks.
  if (place.size == 4)
    return __atomic_load_n(reinterpret_cast<const uint32_t*>(place.bytes), __ATOMIC_SEQ_CST);
  return __atomic_load_n(reinterpret_cast<const uint64_t*>(place.bytes), __ATOMIC_SEQ_CST);
}

}  // namespace

void ParkingLot::Bucket::append(Waiter* waiter) {
  waiter->previous = last;
  waiter->next = nullptr;
  (last != nullptr ? last->next : first) = waiter;
  last = waiter;
}

void ParkingLot::Bucket::remove(Waiter* waiter) {
  (waiter->previous != nullptr ? waiter->previous->next : first) = waiter->next;
  (waiter->next != nullptr ? waiter->next->previous : last) = waiter->previous;
  waiter->is_waiting = false;
}

ParkingLot::Outcome ParkingLot::wait(const Place& place, uint64_t until_ns, Sleeper& sleeper,
                                     const Stop& stop) {
  Bucket& bucket = bucket_of(place.address);
  Waiter waiter{place.address, &sleeper, nullptr, nullptr, true};
  {
    const std::lock_guard lock(bucket.mutex);
    if (load_word(place) != place.expected) return Outcome::NotEqual;
    bucket.append(&waiter);
  }
  while (true) {
    const uint32_t events = sleeper.events.load();
    Outcome reason = Outcome::Woken;
    if (stop.is_wanted != nullptr && stop.is_wanted(stop.object)) {
      reason = Outcome::Stopped;
    } else if (until_ns != base::kNoTimeLimit && base::monotonic_ns() >= until_ns) {
      reason = Outcome::TimedOut;
    }
    {
      const std::lock_guard lock(bucket.mutex);
      if (!waiter.is_waiting) return Outcome::Woken;
      if (reason != Outcome::Woken) {
        bucket.remove(&waiter);
        return reason;
      }
    }
    base::sleep_while(sleeper.events, events, until_ns);
  }
}

uint32_t ParkingLot::notify(uint64_t address, uint32_t count) {
  Bucket& bucket = bucket_of(address);
  uint32_t woken = 0;
  const std::lock_guard lock(bucket.mutex);
  Waiter* next = nullptr;
  for (Waiter* waiter = bucket.first; waiter != nullptr && woken < count; waiter = next) {
    next = waiter->next;
    if (waiter->address != address) continue;
    bucket.remove(waiter);
    waiter->sleeper->nudge();
    ++woken;
  }
  return woken;
}

}  // namespace wherry::runtime
