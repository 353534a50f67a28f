#include "engine/runtime/parking_lot.h"

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "engine/base/os/clock.h"

namespace wherry::runtime {
namespace {

using Outcome = ParkingLot::Outcome;

struct Word {
  alignas(8) uint64_t value = 0;
  ParkingLot::Place place(uint64_t address, uint64_t expected, uint32_t size = 4) const {
    return {address, reinterpret_cast<const uint8_t*>(&value), size, expected};
  }
};

// Notifies until so many were woken: they may not wait yet.
void wake(ParkingLot& lot, uint64_t address, uint32_t count) {
  while (count != 0) {
    count -= lot.notify(address, count);
    std::this_thread::yield();
  }
}

TEST_CASE("a wait whose word is another does not wait; both widths") {
  ParkingLot lot;
  Sleeper sleeper;
  Word word{0x1'0000'0002};
  CHECK(lot.wait(word.place(8, 3), base::kNoTimeLimit, sleeper, {}) == Outcome::NotEqual);
  CHECK(lot.wait(word.place(8, 2, 8), base::kNoTimeLimit, sleeper, {}) == Outcome::NotEqual);
  CHECK(lot.wait(word.place(8, 2, 4), base::monotonic_ns(), sleeper, {}) == Outcome::TimedOut);
  CHECK(lot.wait(word.place(8, 0x1'0000'0002, 8), base::monotonic_ns(), sleeper, {}) == Outcome::TimedOut);
  CHECK(lot.notify(8, 100) == 0);
}

TEST_CASE("notify wakes those of its address only, and as many as it says") {
  ParkingLot lot;
  Word word;
  // Addresses that share a bucket: the lot has far fewer than this many.
  constexpr uint64_t kHere = 64;
  constexpr uint64_t kThere = 64 + 4 * 256 * 16;
  std::vector<std::thread> threads;
  std::atomic<int> here{0};
  std::atomic<int> there{0};
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      Sleeper sleeper;
      const bool is_here = i % 2 == 0;
      const Outcome outcome =
          lot.wait(word.place(is_here ? kHere : kThere, 0), base::kNoTimeLimit, sleeper, {});
      if (outcome == Outcome::Woken) ++(is_here ? here : there);
    });
  }
  wake(lot, kHere, 3);
  CHECK(lot.notify(kHere, ~uint32_t{0}) == 0);
  wake(lot, kThere, 3);
  for (std::thread& thread : threads) thread.join();
  CHECK(here == 3);
  CHECK(there == 3);
}

TEST_CASE("a nudge lets a waiter ask whether to stop, and one who need not stop waits on") {
  ParkingLot lot;
  Word word;
  Sleeper sleeper;
  struct Flag {
    std::atomic<uint32_t> asked{0};
    std::atomic<bool> is_set{false};
    static bool is_wanted(void* self) {
      auto* const flag = static_cast<Flag*>(self);
      ++flag->asked;
      return flag->is_set;
    }
  } flag;
  Outcome outcome{};
  std::thread waiter(
      [&] { outcome = lot.wait(word.place(0, 0), base::kNoTimeLimit, sleeper, {Flag::is_wanted, &flag}); });
  while (flag.asked == 0) std::this_thread::yield();
  sleeper.nudge();
  while (flag.asked < 2) std::this_thread::yield();
  flag.is_set = true;
  sleeper.nudge();
  waiter.join();
  CHECK(outcome == Outcome::Stopped);
  CHECK(lot.notify(0, 1) == 0);
}

TEST_CASE("time ends a wait, not before it is over") {
  ParkingLot lot;
  Word word;
  Sleeper sleeper;
  const uint64_t until = base::monotonic_ns() + 3'000'000;
  CHECK(lot.wait(word.place(0, 0), until, sleeper, {}) == Outcome::TimedOut);
  CHECK(base::monotonic_ns() >= until);
}

TEST_CASE("no notification is lost between many threads that pass a turn around") {
  ParkingLot lot;
  constexpr uint32_t kThreads = 4;
  constexpr uint32_t kRounds = 500;
  alignas(8) std::atomic<uint32_t> turn{0};
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      Sleeper sleeper;
      for (uint32_t round = 0; round < kRounds; ++round) {
        for (uint32_t seen = turn; seen % kThreads != i; seen = turn) {
          lot.wait({0, reinterpret_cast<const uint8_t*>(&turn), 4, seen}, base::kNoTimeLimit, sleeper, {});
        }
        ++turn;
        lot.notify(0, ~uint32_t{0});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(turn == kThreads * kRounds);
}

}  // namespace
}  // namespace wherry::runtime
