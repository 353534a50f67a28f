#include "engine/base/arena.h"

#include <catch2/catch.hpp>

using wherry::base::Arena;

TEST_CASE("arena aligns what it gives and initialises objects") {
  Arena arena;
  CHECK(arena.allocate_bytes(1, 1) != nullptr);
  void* aligned = arena.allocate_bytes(10, 64);
  CHECK(reinterpret_cast<uintptr_t>(aligned) % 64 == 0);
  uint64_t* numbers = arena.allocate<uint64_t>(100);
  bool zero = numbers != nullptr;
  for (int i = 0; zero && i < 100; ++i) zero = numbers[i] == 0;
  CHECK(zero);
}

TEST_CASE("arena gives blocks of their own to large requests and keeps earlier pieces") {
  Arena arena;
  uint32_t* first = arena.allocate<uint32_t>();
  CHECK(first != nullptr);
  *first = 42;
  uint8_t* large = arena.allocate<uint8_t>(5 << 20);
  CHECK(large != nullptr);
  large[(5 << 20) - 1] = 1;
  CHECK(*first == 42);
  CHECK(arena.reserved_bytes() >= (5u << 20));
  arena.reset();
  CHECK(arena.reserved_bytes() == 0);
}

TEST_CASE("arena goes on with a block behind a large request") {
  Arena arena;
  void* const large = arena.allocate_bytes(100'000, 16);  // Before there is another block.
  CHECK(large != nullptr);
  char* before = static_cast<char*>(arena.allocate_bytes(16, 16));
  for (int i = 0; i < 20; ++i) {
    const size_t reserved = arena.reserved_bytes();
    CHECK(arena.allocate_bytes(100'000, 16) != nullptr);
    CHECK(arena.reserved_bytes() - reserved < 101'000);
    char* const next = static_cast<char*>(arena.allocate_bytes(16, 16));
    CHECK(next == before + 16);
    before = next;
  }
  CHECK(arena.reserved_bytes() < 21 * 101'000 + 4096);
}

TEST_CASE("arena refuses what passes its limit or any memory") {
  Arena arena(1 << 16);
  CHECK(arena.allocate<uint8_t>(1 << 20) == nullptr);
  size_t given = 0;
  while (arena.allocate_bytes(1000, 8) != nullptr) given += 1000;
  CHECK(given > 0);
  CHECK(given <= (1 << 16));
  CHECK(arena.reserved_bytes() <= (1 << 16));
  Arena endless;
  CHECK(endless.allocate<uint64_t>(~size_t{0} / 4) == nullptr);
  CHECK(endless.allocate_bytes(~size_t{0} - 10, 8) == nullptr);
}

TEST_CASE("arena hands its memory over when moved") {
  Arena arena;
  int* number = arena.allocate<int>();
  *number = 9;
  Arena moved = std::move(arena);
  CHECK(arena.reserved_bytes() == 0);
  CHECK(*number == 9);
  CHECK(moved.reserved_bytes() > 0);
}
