// Memories, tables, globals and tags, made by the host and by guests.
#include <cstring>

#include "engine/api/test_world.h"

namespace wherry {

TEST_CASE("a memory of the host is the guest's") {
  World world;
  const Memory memory = Memory::create(world.store, {.limits = {1, 3}}).value();
  CHECK(memory.size(world.store).value() == 65536);
  REQUIRE(world.linker.define(world.store, "env", "memory", memory).ok());
  const Instance instance = world.start(R"((module
    (import "env" "memory" (memory 1))
    (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (export "memory" (memory 0))))");
  CHECK(instance.memory(world.store, "memory").value() == memory);
  CHECK(memory.write(world.store, 100, as_bytes("\x07\0\0\0")).ok());
  CHECK(instance.typed<int32_t(int32_t)>(world.store, "load")->call(world.store, 100).value() == 7);
  const MemoryView before = memory.view(world.store).value();
  CHECK(instance.typed<int32_t(int32_t)>(world.store, "grow")->call(world.store, 1).value() == 1);
  CHECK(memory.pages(world.store).value() == 2);
  CHECK(before.size() == 65536);
  CHECK(memory.view(world.store)->at(100, 4) == before.at(100, 4));
  CHECK(memory.grow(world.store, 1).value() == 2);
  CHECK(kind_of(memory.grow(world.store, 1)) == ErrorKind::Limit);
  CHECK(memory.type(world.store)->limits == Limits{3, 3});
  CHECK(memory.data(world.store)->size() == 3 * 65536);
  uint8_t out[4] = {};
  CHECK(memory.read(world.store, 100, out).ok());
  CHECK(out[0] == 7);
  CHECK(trap_of(memory.read(world.store, 3 * 65536 - 3, out)) == TrapCode::MemoryOutOfBounds);
  CHECK(trap_of(memory.write(world.store, ~uint64_t{0}, as_bytes("x"))) == TrapCode::MemoryOutOfBounds);
}

TEST_CASE("impossible types are refused") {
  World world;
  CHECK(kind_of(Memory::create(world.store, {.limits = {2, 1}})) == ErrorKind::Usage);
  CHECK(kind_of(Memory::create(world.store, {.limits = {65537, std::nullopt}})) == ErrorKind::Usage);
  CHECK(kind_of(Memory::create(world.store, {.page_size_log2 = 3})) == ErrorKind::Usage);
  CHECK(kind_of(Memory::create(world.store, {.shared = true})) == ErrorKind::Usage);
  CHECK(kind_of(Table::create(world.store, {.limits = {2, 1}}, Val(Func()))) == ErrorKind::Usage);
  CHECK(kind_of(Table::create(world.store, {.element = ValType::i32()}, Val(1))) == ErrorKind::Usage);
  CHECK(kind_of(Table::create(world.store, {}, Val(ExternRef()))) == ErrorKind::Usage);
  const TableType any{.element = ValType::reference(HeapKind::Any, true)};
  CHECK(kind_of(Table::create(world.store, any, Val(Func()))) == ErrorKind::Usage);
  CHECK(kind_of(Global::create(world.store, {}, Val(1.0))) == ErrorKind::Usage);
}

TEST_CASE("a memory of one-byte pages and a 64-bit memory") {
  World world;
  const Memory bytes = Memory::create(world.store, {.limits = {10, 20}, .page_size_log2 = 0}).value();
  CHECK(bytes.size(world.store).value() == 10);
  CHECK(bytes.grow(world.store, 5).value() == 10);
  CHECK(bytes.size(world.store).value() == 15);
  const Memory wide = Memory::create(world.store, {.limits = {1, 4}, .address = AddressType::I64}).value();
  CHECK(wide.type(world.store)->address == AddressType::I64);
  CHECK(wide.grow(world.store, 2).value() == 1);
}

TEST_CASE("a table of the host is the guest's") {
  World world;
  const Table table = Table::create(world.store, {.limits = {2, 4}}, Val(Func())).value();
  REQUIRE(world.linker.define(world.store, "env", "table", table).ok());
  const Instance instance = world.start(R"((module
    (import "env" "table" (table 2 funcref))
    (type $t (func (result i32)))
    (func (export "call") (param i32) (result i32) (call_indirect (type $t) (local.get 0)))))");
  const auto call = instance.typed<int32_t(int32_t)>(world.store, "call").value();
  CHECK(trap_of(call.call(world.store, 1)) == TrapCode::UninitializedElement);
  const Func nine = Func::wrap(world.store, [] { return int32_t{9}; }).value();
  CHECK(table.set(world.store, 1, Val(nine)).ok());
  CHECK(call.call(world.store, 1).value() == 9);
  CHECK(trap_of(call.call(world.store, 2)) == TrapCode::UndefinedElement);
  CHECK(table.grow(world.store, 2, Val(nine)).value() == 2);
  CHECK(call.call(world.store, 3).value() == 9);
  CHECK(kind_of(table.grow(world.store, 1, Val(nine))) == ErrorKind::Limit);
  CHECK(table.size(world.store).value() == 4);
  CHECK(trap_of(table.get(world.store, 4)) == TrapCode::TableOutOfBounds);
  CHECK(trap_of(table.set(world.store, 4, Val(nine))) == TrapCode::TableOutOfBounds);
  CHECK(kind_of(table.set(world.store, 0, Val(1))) == ErrorKind::Usage);
  CHECK(table.type(world.store)->limits == Limits{4, 4});
}

TEST_CASE("a table of externrefs keeps host objects") {
  World world;
  const Instance instance = world.start(R"((module
    (table (export "t") 3 externref)
    (func (export "get") (param i32) (result externref) (table.get (local.get 0)))))");
  const Table table = instance.table(world.store, "t").value();
  const ExternRef one = ExternRef::create(world.store, reinterpret_cast<void*>(uintptr_t{17})).value();
  REQUIRE(table.set(world.store, 2, Val(one)).ok());
  const auto get = instance.typed<ExternRef(int32_t)>(world.store, "get").value();
  CHECK(get.call(world.store, 2).value() == one);
  CHECK(get.call(world.store, 2)->object(world.store).value() == reinterpret_cast<void*>(uintptr_t{17}));
  CHECK(get.call(world.store, 0)->is_null());
}

TEST_CASE("globals of every type") {
  World world;
  const Instance instance = world.start(R"((module
    (global (export "i32") (mut i32) (i32.const -1))
    (global (export "i64") (mut i64) (i64.const -2))
    (global (export "f32") (mut f32) (f32.const 0.5))
    (global (export "f64") (mut f64) (f64.const 0.25))
    (global (export "v128") (mut v128) (v128.const i64x2 1 2))
    (global (export "func") (mut funcref) (ref.null func))
    (global (export "constant") i32 (i32.const 5))))");
  StoreRef store = world.store;
  const auto global = [&](std::string_view name) { return instance.global(store, name).value(); };
  CHECK(global("i32").get<int32_t>(store).value() == -1);
  CHECK(global("i64").get<int64_t>(store).value() == -2);
  CHECK(global("f32").get<float>(store).value() == 0.5f);
  CHECK(global("f64").get<double>(store).value() == 0.25);
  CHECK(global("v128").get<V128>(store).value() == V128{1, 2});
  CHECK(global("func").get<Func>(store)->is_null());
  CHECK(global("v128").set(store, Val(V128{3, 4})).ok());
  CHECK(global("v128").get<V128>(store).value() == V128{3, 4});
  CHECK(kind_of(global("constant").set(store, Val(6))) == ErrorKind::Usage);
  CHECK(kind_of(global("i32").set(store, Val(6.0))) == ErrorKind::Usage);
  CHECK(kind_of(global("i32").get<int64_t>(store)) == ErrorKind::Usage);
  CHECK(global("constant").type(store).value() == GlobalType{ValType::i32(), Mutability::Constant});
}

TEST_CASE("a global of the host is shared by instances") {
  World world;
  const Global counter =
      Global::create(world.store, {ValType::i64(), Mutability::Variable}, Val(int64_t{40})).value();
  REQUIRE(world.linker.define(world.store, "env", "counter", counter).ok());
  constexpr std::string_view kStep = R"((module
    (import "env" "counter" (global $c (mut i64)))
    (func (export "step") (global.set $c (i64.add (global.get $c) (i64.const 1))))))";
  const Instance one = world.start(kStep);
  const Instance two = world.start(kStep);
  CHECK(world.run(one, "step").ok());
  CHECK(world.run(two, "step").ok());
  CHECK(counter.get<int64_t>(world.store).value() == 42);
}

TEST_CASE("tags link by identity") {
  World world;
  const Tag tag = Tag::create(world.store, {{ValType::i32()}}).value();
  const Tag other = Tag::create(world.store, {{ValType::i32()}}).value();
  CHECK_FALSE(tag == other);
  CHECK(tag.type(world.store)->params == std::vector{ValType::i32()});
  const Module module = world.load(R"((module (import "a" "e" (tag (param i32))) (export "e" (tag 0))))");
  const Extern imports[] = {tag};
  const Instance instance = Instance::create(world.store, module, imports).value();
  CHECK(instance.tag(world.store, "e").value() == tag);
  const Extern wrong[] = {Tag::create(world.store, {}).value()};
  CHECK(kind_of(Instance::create(world.store, module, wrong)) == ErrorKind::Link);
}

TEST_CASE("an Extern knows its kind and type") {
  World world;
  const Instance instance =
      world.start("(module (memory (export \"m\") 2) (func (export \"f\") (param i64)))");
  const Extern m = instance.get_at(world.store, 0).value();
  CHECK(m.kind() == ExternKind::Memory);
  CHECK_FALSE(m.func().has_value());
  CHECK(m.type(world.store)->memory.limits.min == 2);
  CHECK(instance.get(world.store, "f")->type(world.store)->func.params == std::vector{ValType::i64()});
  CHECK(kind_of(instance.get_at(world.store, 2)) == ErrorKind::Usage);
  CHECK(kind_of(instance.memory(world.store, "f")) == ErrorKind::Link);
}

}  // namespace wherry
