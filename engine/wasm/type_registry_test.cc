#include "engine/wasm/type_registry.h"

#include <catch2/catch.hpp>
#include <memory>
#include <thread>
#include <vector>

#include "engine/wasm/errors.h"
#include "engine/wasm/module.h"

using namespace wherry;
using namespace wherry::wasm;

namespace {

ValType ref(uint32_t index, bool nullable = true) {
  return ValType::ref(HeapType::concrete(index), nullable);
}

// Builds type sections; keeps what the spans point at.
class Types {
 public:
  Types& func(std::vector<ValType> params, std::vector<ValType> results = {}) {
    SubType type;
    type.func = {keep(std::move(params)), keep(std::move(results))};
    return add(type);
  }
  Types& structure(std::vector<FieldType> fields) {
    SubType type;
    type.kind = CompositeKind::Struct;
    fields_.push_back(std::make_unique<std::vector<FieldType>>(std::move(fields)));
    type.fields = *fields_.back();
    return add(type);
  }
  Types& array(FieldType field) {
    structure({field});
    module_.types.back().kind = CompositeKind::Array;
    return *this;
  }
  // About the type added last.
  Types& open(uint32_t super = SubType::kNoSuper) {
    module_.types.back().is_final = false;
    module_.types.back().super = super;
    return *this;
  }
  Types& final_below(uint32_t super) {
    module_.types.back().super = super;
    return *this;
  }
  // The last `count` types become one group.
  Types& group(uint32_t count) {
    module_.rec_groups.truncate(module_.rec_groups.size() - count);
    CHECK(module_.rec_groups.push_back({static_cast<uint32_t>(module_.types.size()) - count, count}));
    return *this;
  }
  const Module& module() const { return module_; }

 private:
  std::span<const ValType> keep(std::vector<ValType> values) {
    values_.push_back(std::make_unique<std::vector<ValType>>(std::move(values)));
    return *values_.back();
  }
  Types& add(const SubType& type) {
    CHECK(module_.rec_groups.push_back({static_cast<uint32_t>(module_.types.size()), 1}));
    CHECK(module_.types.push_back(type));
    return *this;
  }

  Module module_;
  std::vector<std::unique_ptr<std::vector<ValType>>> values_;
  std::vector<std::unique_ptr<std::vector<FieldType>>> fields_;
};

std::string error_of(TypeRegistry& registry, const Types& types) {
  const auto set = registry.add(types.module());
  return set ? "no error" : describe(set.error());
}

constexpr TypeIndex at(uint32_t index) { return TypeIndex(index); }

}  // namespace

TEST_CASE("equal function types have one id, also the host's") {
  TypeRegistry registry;
  Types types;
  types.func({kI32, kV128}, {kI64}).func({kI32, kV128}, {kI64}).func({kI32}, {kI64});
  const auto set = registry.add(types.module());
  REQUIRE(set);
  CHECK((*set)[at(0)].id == (*set)[at(1)].id);
  CHECK((*set)[at(0)].id != (*set)[at(2)].id);
  CHECK((*set)[at(0)].param_slots == 3);
  CHECK((*set)[at(0)].result_slots == 1);
  const ValType params[] = {kI32};
  const ValType results[] = {kI64};
  const auto host = registry.add_function({params, results});
  REQUIRE(host);
  CHECK((*host)[at(0)].id == (*set)[at(2)].id);
}

TEST_CASE("a plain function type is the same type on every way into the registry") {
  TypeRegistry registry;
  const ValType params[] = {kI64, kF32, kV128, kExternRef};
  const ValType results[] = {kF64};
  SubType type;
  type.func = {params, results};
  SubType open = type;
  open.is_final = false;
  const auto host = registry.add_function(type.func);
  const auto group = registry.add_group({&type, 1}, 1000);
  const auto open_group = registry.add_group({&open, 1}, 1000);
  const auto set = registry.add(Types()
                                    .func({kI64, kF32, kV128, kExternRef}, {kF64})
                                    .func({kI64, kF32, kV128, kExternRef}, {kF64})
                                    .open()
                                    .func({kI64, kF32, kV128, kExternRef, kF64})
                                    .module());
  REQUIRE(host);
  REQUIRE(group);
  REQUIRE(open_group);
  REQUIRE(set);
  CHECK((*set)[at(0)].id == (*host)[at(0)].id);
  CHECK((*group)[at(0)].id == (*host)[at(0)].id);
  CHECK((*set)[at(1)].id == (*open_group)[at(0)].id);
  CHECK((*set)[at(1)].id != (*host)[at(0)].id);
  CHECK((*set)[at(2)].id != (*host)[at(0)].id);
  CHECK((*host)[at(0)].display.size() == 1);
  CHECK((*host)[at(0)].display[0] == (*host)[at(0)].id);
  CHECK((*host)[at(0)].param_slots == 5);
  CHECK((*host)[at(0)].result_slots == 1);
}

TEST_CASE("parameters are not taken for results") {
  TypeRegistry registry;
  const auto set =
      registry.add(Types().func({kI32, kI32}).func({kI32}, {kI32}).func({}, {kI32, kI32}).module());
  REQUIRE(set);
  CHECK((*set)[at(0)].id != (*set)[at(1)].id);
  CHECK((*set)[at(1)].id != (*set)[at(2)].id);
}

TEST_CASE("recursion groups are equal when they are so up to positions") {
  TypeRegistry registry;
  Types types;
  types.func({ref(0)}, {ref(0)});                    // 0: refers to itself
  types.func({ref(1)}, {ref(1)});                    // 1: the same
  types.func({ref(0)}, {ref(0)});                    // 2: refers to 0, so not the same
  types.func({ref(4)}).func({}, {ref(3)}).group(2);  // 3, 4
  types.func({ref(6)}).func({}, {ref(5)}).group(2);  // 5, 6: the same group
  types.func({}, {ref(8)}).func({ref(7)}).group(2);  // 7, 8: another order
  types.func({}).func({}).group(2);                  // 9, 10: equal types at two positions
  types.func({});                                    // 11: alone
  const auto added = registry.add(types.module());
  REQUIRE(added);
  const TypeSet& set = *added;
  CHECK(set[at(0)].id == set[at(1)].id);
  CHECK(set[at(0)].id != set[at(2)].id);
  CHECK(set[at(3)].id == set[at(5)].id);
  CHECK(set[at(4)].id == set[at(6)].id);
  CHECK(set[at(3)].id != set[at(8)].id);
  CHECK(set[at(9)].id != set[at(10)].id);
  CHECK(set[at(9)].id != set[at(11)].id);
  CHECK(set.canonical(ref(5)) == set.canonical(ref(3)));
  CHECK(set[at(3)].func.params[0] == set.canonical(ref(4)));
}

TEST_CASE("finality and supertypes are part of a type") {
  TypeRegistry registry;
  Types types;
  types.structure({}).structure({}).open().structure({}).open(1).structure({}).final_below(1);
  const auto set = registry.add(types.module());
  REQUIRE(set);
  for (uint32_t a = 0; a < 4; ++a) {
    for (uint32_t b = 0; b < a; ++b) CHECK((*set)[at(a)].id != (*set)[at(b)].id);
  }
}

TEST_CASE("subtyping follows declarations") {
  TypeRegistry registry;
  Types types;
  types.structure({}).open();                              // 0
  types.structure({{kI32, false}}).open(0);                // 1
  types.structure({{kI32, false}, {kI64, true}}).open(1);  // 2
  types.structure({{kI32, false}}).open(0);                // 3: equal to 1
  types.structure({{kF32, false}}).open(0);                // 4
  types.func({});                                          // 5
  const auto added = registry.add(types.module());
  REQUIRE(added);
  const TypeSet& set = *added;
  CHECK(set[at(2)].depth == 2);
  CHECK(set[at(2)].display[0] == set[at(0)].id);
  CHECK(set[at(2)].display[2] == set[at(2)].id);
  CHECK(registry.is_subtype(set[at(2)], set[at(0)].id));
  CHECK(registry.is_subtype(set[at(2)], set[at(3)].id));
  CHECK(registry.is_subtype(set[at(1)], set[at(1)].id));
  CHECK_FALSE(registry.is_subtype(set[at(0)], set[at(2)].id));
  CHECK_FALSE(registry.is_subtype(set[at(4)], set[at(1)].id));
  const auto below = [&](ValType sub, ValType super) {
    return registry.is_subtype(set.canonical(sub), set.canonical(super));
  };
  CHECK(below(ref(2), ref(0)));
  CHECK(below(ref(2, false), ref(0)));
  CHECK_FALSE(below(ref(2), ref(0, false)));
  CHECK(below(ref(1), ValType::ref(AbstractHeap::Struct, true)));
  CHECK(below(ref(1), ValType::ref(AbstractHeap::Any, true)));
  CHECK_FALSE(below(ref(1), ValType::ref(AbstractHeap::Array, true)));
  CHECK_FALSE(below(ref(5), ValType::ref(AbstractHeap::Any, true)));
  CHECK(below(ref(5), kFuncRef));
  CHECK(below(ValType::ref(AbstractHeap::None, false), ref(1)));
  CHECK(below(ValType::ref(AbstractHeap::NoFunc, true), ref(5)));
  CHECK_FALSE(below(ValType::ref(AbstractHeap::NoFunc, true), ref(1)));
  CHECK_FALSE(below(ValType::ref(AbstractHeap::None, true), ref(5)));
  CHECK(below(ValKind::Bottom, ref(5)));
  CHECK_FALSE(below(kI32, kI64));
}

TEST_CASE("abstract heap types: the lattice") {
  TypeRegistry registry;
  using enum AbstractHeap;
  const AbstractHeap all[] = {Exn, Array, Struct, I31, Eq, Any, Extern, Func, None, NoExtern, NoFunc, NoExn};
  uint32_t count = 0;
  for (const AbstractHeap a : all) {
    for (const AbstractHeap b : all) count += registry.is_subtype(HeapType(a), HeapType(b));
  }
  CHECK(count == 12 + 3 * 2 + 1 + 5 + 3);
  CHECK(registry.is_subtype(HeapType(I31), HeapType(Eq)));
  CHECK_FALSE(registry.is_subtype(HeapType(Extern), HeapType(Any)));
}

TEST_CASE("what the type section may not say") {
  TypeRegistry registry;
  CHECK(error_of(registry, Types().func({ref(1)}).func({})) ==
        "unknown type: found 1, expected less than 1 at offset 0x0");
  CHECK(error_of(registry, Types().structure({}).open(0)) ==
        "unknown type: found 0, expected less than 0 at offset 0x0");
  CHECK(error_of(registry, Types().structure({}).open(1).structure({}).open().group(2)) ==
        "unknown type: found 1, expected less than 0 at offset 0x0");
  CHECK(error_of(registry, Types().structure({}).structure({}).final_below(0)) ==
        "sub type: supertype 0 of type 1 is final at offset 0x0");
  CHECK(error_of(registry, Types().structure({{kI32, false}}).open().structure({}).open(0)) ==
        "sub type: type 1 does not match its supertype 0 at offset 0x0");
  CHECK(error_of(registry, Types().structure({}).open().func({}).open(0)) != "no error");
  CHECK(error_of(registry, Types().func({kI32}).open().func({kI64}).open(0)) != "no error");
  CHECK(error_of(registry, Types().func({}, {}).open().func({}, {kI32}).open(0)) != "no error");
}

TEST_CASE("fields: mutable ones are invariant, others covariant; functions contravariant in parameters") {
  TypeRegistry registry;
  const ValType any = ValType::ref(AbstractHeap::Any, true);
  const ValType eq = ValType::ref(AbstractHeap::Eq, true);
  CHECK(error_of(registry, Types().array({any, false}).open().array({eq, false}).open(0)) == "no error");
  CHECK(error_of(registry, Types().array({any, true}).open().array({eq, true}).open(0)) != "no error");
  CHECK(error_of(registry, Types().array({any, true}).open().array({any, true}).open(0)) == "no error");
  CHECK(error_of(registry, Types().array({any, false}).open().array({any, true}).open(0)) != "no error");
  CHECK(error_of(registry, Types().array({ValKind::I8, false}).open().array({ValKind::I16, false}).open(0)) !=
        "no error");
  CHECK(error_of(registry, Types().func({eq}, {any}).open().func({any}, {eq}).open(0)) == "no error");
  CHECK(error_of(registry, Types().func({any}).open().func({eq}).open(0)) != "no error");
  // The field's type is of the same group and below the one it replaces.
  Types group;
  group.structure({{ref(0), false}}).open().structure({{ref(1), false}}).open(0).group(2);
  CHECK(error_of(registry, group) == "no error");
}

TEST_CASE("the depth of subtyping is limited") {
  TypeRegistry registry;
  Types types;
  types.structure({}).open();
  for (uint32_t i = 0; i < 63; ++i) types.structure({}).open(i);
  CHECK(error_of(registry, types) == "no error");
  types.structure({}).open(63);
  CHECK(error_of(registry, types) ==
        "too many items: a type has more than 63 supertypes above it at offset 0x0");
}

TEST_CASE("groups are given back with their last user, chains of them without recursion") {
  TypeRegistry registry;
  CanonId kept;
  {
    Types chain;
    chain.func({});
    for (uint32_t i = 0; i < 50'000; ++i) chain.func({ref(i)});
    auto set = registry.add(chain.module());
    REQUIRE(set);
    CHECK((*set)[at(50'000)].id.value == 50'000);
    kept = (*set)[at(50'000)].id;
  }
  // Ids are free again: a second chain of the same length takes no new ones.
  Types other;
  other.func({kI32});
  for (uint32_t i = 0; i < 50'000; ++i) other.func({ref(i)});
  const auto set = registry.add(other.module());
  REQUIRE(set);
  uint32_t largest = 0;
  for (uint32_t i = 0; i < set->size(); ++i) largest = std::max(largest, (*set)[at(i)].id.value);
  CHECK(largest <= kept.value);
  CHECK(registry.type((*set)[at(7)].id).id == (*set)[at(7)].id);
}

TEST_CASE("a group lives as long as one that refers to it, a set longer than its registry") {
  auto registry = std::make_unique<TypeRegistry>();
  auto first = registry->add(Types().func({kI32}).func({ref(0)}).module());
  REQUIRE(first);
  const ValType params[] = {first->canonical(ref(0))};
  auto second = registry->add_function({params, {}});
  REQUIRE(second);
  CHECK((*second)[at(0)].id == (*first)[at(1)].id);
  *first = TypeSet();
  const CanonId inner(params[0].heap().index());
  CHECK(registry->type(inner).func.params[0] == kI32);
  registry.reset();
  CHECK((*second)[at(0)].func.params.size() == 1);
}

TEST_CASE("a module that fails leaves nothing behind") {
  TypeRegistry registry;
  CHECK(error_of(registry, Types().func({kF32}).structure({}).structure({}).final_below(1)) != "no error");
  const auto set = registry.add(Types().func({kF64}).module());
  REQUIRE(set);
  CHECK((*set)[at(0)].id.value <= 3);
}

TEST_CASE("threads may register and ask at once") {
  TypeRegistry registry;
  // Made before: making them asserts, and Catch2 does not take assertions of several threads.
  std::vector<Types> groups(7);
  for (size_t i = 0; i < groups.size(); ++i) {
    groups[i].func(std::vector<ValType>(i, kI32)).structure({}).open();
    groups[i].structure({{kI32, false}}).open(1);
  }
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (size_t round = 0; round < 50; ++round) {
        const auto set = registry.add(groups[round % groups.size()].module());
        if (!set || !registry.is_subtype((*set)[at(2)], (*set)[at(1)].id)) ++wrong[static_cast<size_t>(t)];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == std::vector<int>(4, 0));
}

TEST_CASE("types as text") {
  CHECK(to_text(kI32) == "i32");
  CHECK(to_text(kFuncRef) == "(ref null func)");
  CHECK(to_text(ref(3, false)) == "(ref 3)");
  CHECK(to_text(ValType(ValKind::I16)) == "i16");
}
