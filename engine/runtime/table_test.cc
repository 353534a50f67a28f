#include "engine/runtime/table.h"

#include <catch2/catch.hpp>

#include "engine/wasm/errors.h"

namespace wherry::runtime {
namespace {

wasm::TableType type_of(uint64_t min, uint64_t max, bool is_64 = false) {
  wasm::TableType type;
  type.element = wasm::kFuncRef;
  type.limits.min = min;
  type.limits.max = max;
  type.limits.has_max = max != ~uint64_t{0};
  type.limits.is_64 = is_64;
  return type;
}
constexpr uint64_t kNoMax = ~uint64_t{0};

TEST_CASE("tables: initial value, growth, maximum") {
  Budget budget{StoreLimits{}};
  auto made = Table::create(type_of(2, 5), 16, budget);
  REQUIRE(made);
  Table& table = **made;
  CHECK(table.object.entries[0] == 16);
  CHECK(table.object.entries[1] == 16);
  uint64_t previous = 99;
  CHECK(table.grow(3, 32, &previous) == Table::Growth::Done);
  CHECK(previous == 2);
  CHECK(table.size() == 5);
  CHECK(table.object.entries[1] == 16);
  CHECK(table.object.entries[4] == 32);
  CHECK(table.grow(0, 0, &previous) == Table::Growth::Done);
  for (const uint64_t delta : {uint64_t{1}, uint64_t{1} << 32, ~uint64_t{0}, ~uint64_t{0} - 4}) {
    CHECK(table.grow(delta, 0, &previous) == Table::Growth::Refused);
    CHECK(previous == 5);
  }
  CHECK(budget.table_elements() == 5);
  CHECK(table.current_type().limits.min == 5);
}

TEST_CASE("ranges of tables at the edges of arithmetic") {
  Budget budget{StoreLimits{}};
  auto table = Table::create(type_of(4, kNoMax), abi::kNullRef, budget);
  REQUIRE(table);
  CHECK((*table)->range(0, 4) != nullptr);
  CHECK((*table)->range(4, 0) != nullptr);
  CHECK((*table)->range(5, 0) == nullptr);
  CHECK((*table)->range(1, 4) == nullptr);
  CHECK((*table)->range(~uint64_t{0}, 1) == nullptr);
  CHECK((*table)->range(1, ~uint64_t{0}) == nullptr);
  CHECK((*table)->range(uint64_t{1} << 32, uint64_t{1} << 32) == nullptr);
}

TEST_CASE("growth by one keeps what was there, up to the store's limit") {
  StoreLimits limits;
  limits.table_elements = 1000;
  Budget budget{limits};
  auto table = Table::create(type_of(0, kNoMax), abi::kNullRef, budget);
  REQUIRE(table);
  uint64_t previous;
  for (uint64_t i = 0; i < 1000; ++i) CHECK((*table)->grow(1, i * 2, &previous) == Table::Growth::Done);
  CHECK((*table)->grow(1, 0, &previous) == Table::Growth::Refused);
  CHECK(previous == 1000);
  bool all = true;
  for (uint64_t i = 0; i < 1000; ++i) all = all && (*table)->object.entries[i] == i * 2;
  CHECK(all);
}

TEST_CASE("tables beyond the limit are refused when they are made") {
  Budget budget{StoreLimits{}};
  for (const uint64_t min : {uint64_t{10'000'001}, uint64_t{1} << 32, uint64_t{1} << 61, ~uint64_t{0}}) {
    auto table = Table::create(type_of(min, kNoMax, true), abi::kNullRef, budget);
    REQUIRE_FALSE(table);
    CHECK(table.error().code == wasm::ErrorCode::LimitExceeded);
  }
  CHECK(budget.table_elements() == 0);
}

TEST_CASE("a table larger than the address space is out of memory, not a crash") {
  StoreLimits limits;
  limits.table_elements = ~uint64_t{0};
  Budget budget{limits};
  auto table = Table::create(type_of(uint64_t{1} << 62, kNoMax, true), abi::kNullRef, budget);
  REQUIRE_FALSE(table);
  CHECK(table.error().code == wasm::ErrorCode::OutOfMemory);
  CHECK(budget.table_elements() == 0);
}

TEST_CASE("elements of a table come back when it is gone") {
  Budget budget{StoreLimits{}};
  { auto table = Table::create(type_of(100, kNoMax), abi::kNullRef, budget); }
  CHECK(budget.table_elements() == 0);
}

}  // namespace
}  // namespace wherry::runtime
