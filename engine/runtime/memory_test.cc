#include "engine/runtime/memory.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "engine/base/os/reservations.h"
#include "engine/base/os/test_readable.h"
#include "engine/base/os/virtual_memory.h"
#include "engine/wasm/errors.h"

namespace wherry::runtime {
namespace {

using base::is_readable;

constexpr uint64_t kPage = 65536;

wasm::MemoryType type_of(uint64_t min, uint64_t max, bool is_64 = false, uint8_t page_size_log2 = 16) {
  wasm::MemoryType type;
  type.limits.min = min;
  type.limits.max = max;
  type.limits.has_max = max != ~uint64_t{0};
  type.limits.is_64 = is_64;
  type.page_size_log2 = page_size_log2;
  return type;
}
constexpr uint64_t kNoMax = ~uint64_t{0};

TEST_CASE("a guarded memory: zeros, and faults from its end to the end of the reservation") {
  Budget budget{StoreLimits{}};
  auto memory = LinearMemory::create(type_of(1, 3), Guard::On, budget);
  REQUIRE(memory);
  const uint8_t* base = (*memory)->base();
  CHECK((*memory)->object.has_guard);
  CHECK((*memory)->pages() == 1);
  CHECK(base[0] == 0);
  CHECK(base[kPage - 1] == 0);
  CHECK_FALSE(is_readable(base + kPage));
  CHECK_FALSE(is_readable(base + kGuardedReservationBytes - 1));
  CHECK(base::is_in_reservation(reinterpret_cast<uintptr_t>(base) + kGuardedReservationBytes - 1));
  memory->reset();
  CHECK(budget.memory_bytes() == 0);
  CHECK_FALSE(base::is_in_reservation(reinterpret_cast<uintptr_t>(base)));
}

TEST_CASE("a guarded memory in the place of one that is gone: zeros, and faults behind its own end") {
  Budget budget{StoreLimits{}};
  uint8_t* last = nullptr;
  for (const uint64_t pages : {3, 1, 2, 0, 1, 130}) {
    auto memory = LinearMemory::create(type_of(pages, kNoMax), Guard::On, budget);
    REQUIRE(memory);
    uint8_t* const base = (*memory)->base();
    if (pages <= 2) CHECK(base == last);  // The others may be the first, or too large to be kept.
    last = base;
    for (uint64_t at = 0; at < pages * kPage; at += 4096) CHECK(base[at] == 0);
    CHECK_FALSE(is_readable(base + pages * kPage));
    CHECK(base::is_in_reservation(reinterpret_cast<uintptr_t>(base)));
    uint64_t previous = 0;
    CHECK((*memory)->grow(1, &previous) == LinearMemory::Growth::Done);
    CHECK(previous == pages);
    CHECK(base[pages * kPage] == 0);
    CHECK_FALSE(is_readable(base + (pages + 1) * kPage));
    for (uint64_t at = 0; at < (pages + 1) * kPage; at += 4096) base[at] = 7;
    memory->reset();
    CHECK_FALSE(base::is_in_reservation(reinterpret_cast<uintptr_t>(base)));
  }
}

TEST_CASE("a memory in the place of one whose data was noted: zeros everywhere, also where it grows") {
  Budget budget{StoreLimits{}};
  for (uint64_t i = 0; i < 40; ++i) {
    const uint64_t pages = i % 3 + 1;
    auto memory = LinearMemory::create(type_of(pages, kNoMax), Guard::On, budget);
    REQUIRE(memory);
    uint64_t previous = 0;
    REQUIRE((*memory)->grow(i % 4, &previous) == LinearMemory::Growth::Done);
    uint8_t* const base = (*memory)->base();
    const auto size = static_cast<int64_t>((*memory)->size_bytes());
    CHECK(std::count(base, base + size, 0) == size);
    std::fill_n(base, size, 0xee);
    (*memory)->note_written(i * 777 % kPage, i % 5 * 1000);
    (*memory)->note_written(i * 3333 % kPage, 1);
    if (i % 7 == 0) (*memory)->note_written(0, static_cast<uint64_t>(size));  // Too much to stay.
  }
}

TEST_CASE("a memory over which a file was mapped is not used again") {
  Budget budget{StoreLimits{}};
  auto first = LinearMemory::create(type_of(1, kNoMax), Guard::On, budget);
  auto second = LinearMemory::create(type_of(1, kNoMax), Guard::On, budget);
  REQUIRE((first && second));
  const uint8_t* const mapped = (*second)->base();
  base::note_mapped_file(mapped);
  first->reset();
  second->reset();
  auto third = LinearMemory::create(type_of(1, kNoMax), Guard::On, budget);
  REQUIRE(third);
  CHECK((*third)->base() != mapped);
}

TEST_CASE("growth: previous size, maximum, no move, refusal changes nothing") {
  for (const Guard guard : {Guard::On, Guard::Off}) {
    Budget budget{StoreLimits{}};
    auto memory = LinearMemory::create(type_of(1, 3), guard, budget);
    REQUIRE(memory);
    uint8_t* const base = (*memory)->base();
    base[5] = 7;
    uint64_t previous = 99;
    CHECK((*memory)->grow(1, &previous) == LinearMemory::Growth::Done);
    CHECK(previous == 1);
    CHECK((*memory)->grow(0, &previous) == LinearMemory::Growth::Done);
    CHECK(previous == 2);
    for (const uint64_t delta :
         {uint64_t{2}, uint64_t{65535}, uint64_t{1} << 32, ~uint64_t{0}, ~uint64_t{0} - 1}) {
      CHECK((*memory)->grow(delta, &previous) == LinearMemory::Growth::Refused);
      CHECK(previous == 2);
    }
    CHECK((*memory)->base() == base);
    CHECK(base[5] == 7);
    CHECK(base[2 * kPage - 1] == 0);
    CHECK_FALSE(is_readable(base + 2 * kPage));
    CHECK(budget.memory_bytes() == 2 * kPage);
    CHECK((*memory)->current_type().limits.min == 2);
  }
}

TEST_CASE("a 32-bit memory may have all 65536 pages") {
  StoreLimits limits;
  limits.memory_bytes = uint64_t{8} << 30;
  for (const Guard guard : {Guard::On, Guard::Off}) {
    Budget budget{limits};
    auto memory = LinearMemory::create(type_of(0, kNoMax), guard, budget);
    REQUIRE(memory);
    uint64_t previous;
    CHECK((*memory)->grow(65537, &previous) == LinearMemory::Growth::Refused);
    CHECK((*memory)->grow(65536, &previous) == LinearMemory::Growth::Done);
    CHECK((*memory)->size_bytes() == uint64_t{4} << 30);
    (*memory)->base()[(uint64_t{4} << 30) - 1] = 1;
    CHECK((*memory)->grow(1, &previous) == LinearMemory::Growth::Refused);
    CHECK(previous == 65536);
  }
}

TEST_CASE("the store's limit bounds all memories together, and comes back") {
  StoreLimits limits;
  limits.memory_bytes = 3 * kPage;
  Budget budget{limits};
  auto first = LinearMemory::create(type_of(1, kNoMax), Guard::Off, budget);
  REQUIRE(first);
  uint64_t previous;
  {
    auto second = LinearMemory::create(type_of(1, kNoMax), Guard::Off, budget);
    REQUIRE(second);
    CHECK((*first)->grow(2, &previous) == LinearMemory::Growth::Refused);
    CHECK((*first)->grow(1, &previous) == LinearMemory::Growth::Done);
    auto third = LinearMemory::create(type_of(1, kNoMax), Guard::Off, budget);
    REQUIRE_FALSE(third);
    CHECK(third.error().code == wasm::ErrorCode::LimitExceeded);
  }
  CHECK((*first)->grow(1, &previous) == LinearMemory::Growth::Done);
}

TEST_CASE("the number of memories is limited") {
  StoreLimits limits;
  limits.memories = 1;
  Budget budget{limits};
  auto first = LinearMemory::create(type_of(0, kNoMax), Guard::Off, budget);
  auto second = LinearMemory::create(type_of(1, kNoMax), Guard::Off, budget);
  CHECK(first);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == wasm::ErrorCode::LimitExceeded);
  CHECK(budget.memory_bytes() == 0);
}

TEST_CASE("64-bit memories: minimum and growth at the edges of arithmetic") {
  Budget budget{StoreLimits{}};
  const uint64_t most_pages = uint64_t{1} << 48;
  for (const uint64_t min : {most_pages, most_pages - 1, uint64_t{1} << 47, uint64_t{65537}}) {
    auto memory = LinearMemory::create(type_of(min, kNoMax, true), Guard::On, budget);
    REQUIRE_FALSE(memory);
    CHECK(memory.error().code == wasm::ErrorCode::LimitExceeded);
  }
  CHECK(budget.memory_bytes() == 0);
  auto memory = LinearMemory::create(type_of(1, kNoMax, true), Guard::On, budget);
  REQUIRE(memory);
  CHECK_FALSE((*memory)->object.has_guard);
  uint64_t previous;
  for (const uint64_t delta : {most_pages, most_pages - 1, ~uint64_t{0}, uint64_t{1} << 32}) {
    CHECK((*memory)->grow(delta, &previous) == LinearMemory::Growth::Refused);
  }
  CHECK((*memory)->grow(1, &previous) == LinearMemory::Growth::Done);
  CHECK((*memory)->size_bytes() == 2 * kPage);
}

TEST_CASE("more than the largest reservation is refused, even when the store allows it") {
  StoreLimits limits;
  limits.memory_bytes = ~uint64_t{0};
  Budget budget{limits};
  auto memory =
      LinearMemory::create(type_of((kMaxReservationBytes >> 16) + 1, kNoMax, true), Guard::Off, budget);
  REQUIRE_FALSE(memory);
  CHECK(memory.error().code == wasm::ErrorCode::LimitExceeded);
  CHECK(budget.memory_bytes() == 0);
  auto small = LinearMemory::create(type_of(0, kNoMax, true), Guard::Off, budget);
  REQUIRE(small);
  uint64_t previous;
  CHECK((*small)->grow((kMaxReservationBytes >> 16) + 1, &previous) == LinearMemory::Growth::Refused);
}

TEST_CASE("pages of one byte: sizes are exact and never guarded") {
  Budget budget{StoreLimits{}};
  auto memory = LinearMemory::create(type_of(1, kNoMax, false, 0), Guard::On, budget);
  REQUIRE(memory);
  CHECK_FALSE((*memory)->object.has_guard);
  uint64_t previous;
  CHECK((*memory)->grow(4095, &previous) == LinearMemory::Growth::Done);
  CHECK((*memory)->size_bytes() == 4096);
  CHECK((*memory)->grow(1, &previous) == LinearMemory::Growth::Done);
  CHECK(previous == 4096);
  CHECK((*memory)->size_bytes() == 4097);
  (*memory)->base()[4096] = 1;
  CHECK((*memory)->grow(~uint32_t{0}, &previous) == LinearMemory::Growth::Refused);
  CHECK(budget.memory_bytes() == 4097);
}

TEST_CASE("a memory of nothing has an address") {
  Budget budget{StoreLimits{}};
  for (const Guard guard : {Guard::On, Guard::Off}) {
    auto memory = LinearMemory::create(type_of(0, 0), guard, budget);
    REQUIRE(memory);
    CHECK((*memory)->base() != nullptr);
    CHECK((*memory)->size_bytes() == 0);
    CHECK_FALSE(is_readable((*memory)->base()));
    uint64_t previous;
    CHECK((*memory)->grow(1, &previous) == LinearMemory::Growth::Refused);
  }
}

}  // namespace
}  // namespace wherry::runtime
