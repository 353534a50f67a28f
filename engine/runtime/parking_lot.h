#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "engine/base/os/futex.h"

namespace wherry::runtime {

// A thread of guests as those see it that may wake it: it sleeps on `events`, which whoever has something for it counts
// up. An interrupt is such a thing as well as a notification.
struct Sleeper {
  std::atomic<uint32_t> events{0};

  // Any thread; async-signal-safe.
  void nudge() {
    events.fetch_add(1);
    base::wake_all(events);
  }
};

// Where threads wait at addresses of one shared memory (threads proposal, memory.atomic.wait and notify). Thread-safe.
// Takes no memory however many wait: what it knows of a thread lies on that thread's stack.
class ParkingLot {
 public:
  enum class Outcome : uint8_t { Woken = 0, NotEqual = 1, TimedOut = 2, Stopped = 3 };

  // What to wait for. `bytes` points to the aligned word of 4 or 8 bytes at `address`.
  struct Place {
    uint64_t address;
    const uint8_t* bytes;
    uint32_t size;
    uint64_t expected;
  };

  // Asked before each sleep of a waiting thread, with no lock held: true makes it give up.
  struct Stop {
    bool (*is_wanted)(void* object) = nullptr;  // Null: never.
    void* object = nullptr;
  };

  // Waits until a notification for the address comes: Woken. NotEqual at once if the word is not what was expected, which
  // is looked at so that no notification comes between the look and the wait. TimedOut when the clock of
  // base::monotonic_ns() passes `until_ns` (base::kNoTimeLimit: never), Stopped when `stop` says so; whoever was notified
  // before that is Woken all the same. `sleeper` belongs to the calling thread.
  Outcome wait(const Place& place, uint64_t until_ns, Sleeper& sleeper, const Stop& stop);

  // Wakes up to `count` of those that wait at the address, who came first first. How many they were.
  uint32_t notify(uint64_t address, uint32_t count);

 private:
  struct Waiter {
    uint64_t address;
    Sleeper* sleeper;
    Waiter* next;
    Waiter* previous;
    bool is_waiting;  // In the list. Under the bucket's lock.
  };
  struct Bucket {
    std::mutex mutex;
    Waiter* first = nullptr;
    Waiter* last = nullptr;

    void append(Waiter* waiter);
    void remove(Waiter* waiter);
  };

  static constexpr size_t kBuckets = 16;
  Bucket& bucket_of(uint64_t address) { return buckets_[(address >> 2 ^ address >> 8) % kBuckets]; }

  Bucket buckets_[kBuckets];
};

}  // namespace wherry::runtime
