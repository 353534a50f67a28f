#include "engine/runtime/extern.h"

#include <catch2/catch.hpp>

#include "engine/wasm/type_registry.h"

namespace wherry::runtime {
namespace {

using wasm::ExternKind;

ExternType memory(uint64_t min, int64_t max, bool is_64 = false, bool is_shared = false,
                  uint8_t page_size_log2 = 16) {
  ExternType type;
  type.kind = ExternKind::Memory;
  type.memory.limits = {min, static_cast<uint64_t>(max), max >= 0, is_shared, is_64};
  type.memory.page_size_log2 = page_size_log2;
  return type;
}

ExternType table(wasm::ValType element, uint64_t min, int64_t max, bool is_64 = false) {
  ExternType type;
  type.kind = ExternKind::Table;
  type.table.element = element;
  type.table.limits = {min, static_cast<uint64_t>(max), max >= 0, false, is_64};
  return type;
}

ExternType global(wasm::ValType content, bool is_mutable) {
  ExternType type;
  type.kind = ExternKind::Global;
  type.global = {content, is_mutable};
  return type;
}

TEST_CASE("imports match by limits, mutability and type, as the specification says") {
  const wasm::ValType funcref = wasm::kFuncRef;
  const wasm::ValType nofunc = wasm::ValType::ref(wasm::AbstractHeap::NoFunc, true);
  const wasm::ValType func_nn = wasm::ValType::ref(wasm::AbstractHeap::Func, false);
  struct Row {
    ExternType found;
    ExternType wanted;
    bool matches;
  };
  const Row rows[] = {
      // Limits.
      {memory(1, -1), memory(1, -1), true},
      {memory(2, -1), memory(1, -1), true},
      {memory(0, -1), memory(1, -1), false},
      {memory(1, 2), memory(1, -1), true},
      {memory(1, -1), memory(1, 2), false},
      {memory(1, 2), memory(1, 2), true},
      {memory(1, 2), memory(1, 3), true},
      {memory(1, 3), memory(1, 2), false},
      {memory(2, 2), memory(1, 2), true},
      // Other properties of memories.
      {memory(1, -1, true), memory(1, -1, false), false},
      {memory(1, -1, true), memory(1, -1, true), true},
      {memory(1, 2, false, true), memory(1, 2, false, false), false},
      {memory(1, 2, false, false), memory(1, 2, false, true), false},
      {memory(1, 2, false, true), memory(1, 2, false, true), true},
      {memory(1, -1, false, false, 0), memory(1, -1), false},
      {memory(1, -1, false, false, 0), memory(1, -1, false, false, 0), true},
      // Tables: elements are invariant.
      {table(funcref, 1, -1), table(funcref, 1, -1), true},
      {table(nofunc, 1, -1), table(funcref, 1, -1), false},
      {table(funcref, 1, -1), table(nofunc, 1, -1), false},
      {table(funcref, 1, -1), table(wasm::kExternRef, 1, -1), false},
      {table(funcref, 1, -1, true), table(funcref, 1, -1, false), false},
      {table(funcref, 0, -1), table(funcref, 1, -1), false},
      {table(funcref, 1, 9), table(funcref, 1, 8), false},
      // Globals: covariant as constants, invariant as variables.
      {global(wasm::kI32, false), global(wasm::kI32, false), true},
      {global(wasm::kI32, false), global(wasm::kI64, false), false},
      {global(wasm::kI32, true), global(wasm::kI32, false), false},
      {global(wasm::kI32, false), global(wasm::kI32, true), false},
      {global(func_nn, false), global(funcref, false), true},
      {global(funcref, false), global(func_nn, false), false},
      {global(func_nn, true), global(funcref, true), false},
      {global(funcref, true), global(funcref, true), true},
      // Kinds.
      {memory(1, -1), table(funcref, 1, -1), false},
      {global(wasm::kI32, false), memory(1, -1), false},
  };
  const wasm::TypeRegistry registry;
  for (const Row& row : rows) {
    INFO(to_text(row.found) << " as " << to_text(row.wanted));
    CHECK(matches(registry, row.found, row.wanted) == row.matches);
  }
}

TEST_CASE("functions and tags match by canonical type") {
  wasm::TypeRegistry registry;
  const wasm::ValType params[] = {wasm::kI32};
  auto first = registry.add_function({params, {}});
  auto same = registry.add_function({params, {}});
  auto other = registry.add_function({{}, params});
  REQUIRE((first && same && other));
  const auto as = [](ExternKind kind, const wasm::TypeSet& types) {
    ExternType type;
    type.kind = kind;
    type.func = &types[wasm::TypeIndex(0)];
    return type;
  };
  for (const ExternKind kind : {ExternKind::Func, ExternKind::Tag}) {
    CHECK(matches(registry, as(kind, *first), as(kind, *same)));
    CHECK_FALSE(matches(registry, as(kind, *first), as(kind, *other)));
  }
  CHECK_FALSE(matches(registry, as(ExternKind::Func, *first), as(ExternKind::Tag, *first)));
  CHECK(to_text(as(ExternKind::Func, *first)) == "(func (param i32))");
  CHECK(to_text(as(ExternKind::Tag, *other)) == "(tag (result i32))");
}

TEST_CASE("types as text") {
  CHECK(to_text(memory(1, 2)) == "(memory 1 2)");
  CHECK(to_text(memory(1, 2, true, true, 0)) == "(memory i64 1 2 shared (pagesize 1))");
  CHECK(to_text(table(wasm::kFuncRef, 3, -1)) == "(table 3 (ref null func))");
  CHECK(to_text(global(wasm::kI32, true)) == "(global (mut i32))");
  CHECK(to_text(global(wasm::kV128, false)) == "(global v128)");
}

}  // namespace
}  // namespace wherry::runtime
