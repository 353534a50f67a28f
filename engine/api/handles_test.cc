// Misuse of handles: null, of another store, of a store that was moved from; and that everything else ends well.
#include <memory>

#include "engine/api/test_world.h"

namespace wherry {

namespace {

constexpr std::string_view kAll = R"((module
  (func (export "f"))
  (table (export "t") 1 funcref)
  (memory (export "m") 1)
  (global (export "g") (mut i32) (i32.const 1))
  (tag (export "e") (param i64))))";

}  // namespace

TEST_CASE("null handles are refused") {
  World world;
  StoreRef store = world.store;
  CHECK(kind_of(Func().call(store, {})) == ErrorKind::InvalidHandle);
  CHECK(text_of(Func().type(store)) == "invalid handle: the function is null");
  CHECK(kind_of(Func().typed<void()>(store)) == ErrorKind::InvalidHandle);
  CHECK(kind_of(Memory().size(store)) == ErrorKind::InvalidHandle);
  CHECK(kind_of(Table().get(store, 0)) == ErrorKind::InvalidHandle);
  CHECK(kind_of(Global().get(store)) == ErrorKind::InvalidHandle);
  CHECK(kind_of(Tag().type(store)) == ErrorKind::InvalidHandle);
  CHECK(kind_of(Instance().get(store, "f")) == ErrorKind::InvalidHandle);
  CHECK(kind_of(ExternRef().object(store)) == ErrorKind::InvalidHandle);
  CHECK(kind_of(Extern().type(store)) == ErrorKind::InvalidHandle);
}

TEST_CASE("handles of another store are refused wherever they are given") {
  World world;
  const Instance instance = world.start(kAll);
  const Func func = world.func(instance, "f");
  const ExternRef reference = ExternRef::create(world.store, nullptr).value();
  Store other = Store::create(world.engine).value();
  CHECK(text_of(func.call(other, {})) == "invalid handle: the function belongs to another store");
  CHECK(kind_of(instance.memory(world.store, "m")->view(other)) == ErrorKind::InvalidHandle);
  CHECK(kind_of(instance.table(world.store, "t")->size(other)) == ErrorKind::InvalidHandle);
  CHECK(kind_of(instance.global(world.store, "g")->set(other, Val(1))) == ErrorKind::InvalidHandle);
  CHECK(kind_of(instance.tag(world.store, "e")->type(other)) == ErrorKind::InvalidHandle);
  CHECK(kind_of(instance.func(other, "f")) == ErrorKind::InvalidHandle);
  CHECK(kind_of(reference.object(other)) == ErrorKind::InvalidHandle);

  const Module takes = world.load("(module (import \"a\" \"f\" (func)))");
  const Extern imports[] = {func};
  CHECK(kind_of(Instance::create(other, takes, imports)) == ErrorKind::InvalidHandle);
  const Instance there = world.linker
                             .instantiate(other, world.load(R"((module
    (func (export "take") (param funcref externref))))"))
                             .value();
  const Func take = there.func(other, "take").value();
  CHECK(kind_of(take.call(other, {Val(func), Val(ExternRef())})) == ErrorKind::InvalidHandle);
  CHECK(kind_of(take.call(other, {Val(Func()), Val(reference)})) == ErrorKind::InvalidHandle);
  const auto typed = take.typed<void(Func, ExternRef)>(other).value();
  CHECK(kind_of(typed.call(other, func, ExternRef())) == ErrorKind::InvalidHandle);
  CHECK(kind_of(typed.call(other, Func(), reference)) == ErrorKind::InvalidHandle);
}

TEST_CASE("a handle of a store that is gone is refused by later ones") {
  World world;
  Func stale;
  {
    Store brief = Store::create(world.engine).value();
    stale = Func::wrap(brief, [] {}).value();
  }
  for (int i = 0; i < 3; ++i) {
    Store next = Store::create(world.engine).value();
    CHECK(kind_of(stale.call(next, {})) == ErrorKind::InvalidHandle);
  }
}

TEST_CASE("a store that was moved from refuses everything and has no settings") {
  World world;
  const Instance instance = world.start(kAll);
  const Func func = world.func(instance, "f");
  Store moved = std::move(world.store);
  CHECK(func.call(moved, {}).ok());
  const Store& empty = world.store;
  CHECK(text_of(func.call(empty, {})) == "invalid handle: the store was moved from");
  CHECK(kind_of(Func::wrap(empty, [] {})) == ErrorKind::InvalidHandle);
  CHECK(kind_of(Memory::create(empty, {})) == ErrorKind::InvalidHandle);
  CHECK(kind_of(ExternRef::create(empty, nullptr)) == ErrorKind::InvalidHandle);
  CHECK(kind_of(world.linker.instantiate(empty, world.load("(module)"))) == ErrorKind::InvalidHandle);
  CHECK(kind_of(empty.set_fuel(1)) == ErrorKind::InvalidHandle);
  CHECK(kind_of(empty.check_interrupt()) == ErrorKind::InvalidHandle);
  CHECK_FALSE(empty.deadline().has_value());
  CHECK(empty.limits().memory_bytes == ~uint64_t{0});
  empty.clear_deadline();
  world.store = std::move(moved);
  CHECK(func.call(world.store, {}).ok());
}

TEST_CASE("the same object has the same handle") {
  World world;
  const Instance instance = world.start(R"((module
    (func $f (export "f") (export "again"))
    (global (export "g") funcref (ref.func $f))
    (table (export "t") 2 funcref) (elem (i32.const 1) $f)
    (memory (export "m") 1) (memory (export "n") 1)))");
  const Func f = world.func(instance, "f");
  CHECK(world.func(instance, "again") == f);
  CHECK(instance.global(world.store, "g")->get<Func>(world.store).value() == f);
  CHECK(instance.table(world.store, "t")->get(world.store, 1)->get<Func>() == f);
  CHECK(instance.table(world.store, "t")->get(world.store, 0)->get<Func>()->is_null());
  CHECK(instance.memory(world.store, "m").value() == instance.memory(world.store, "m").value());
  CHECK_FALSE(instance.memory(world.store, "m").value() == instance.memory(world.store, "n").value());
  const ExternRef a = ExternRef::create(world.store, nullptr).value();
  const ExternRef b = ExternRef::create(world.store, nullptr).value();
  CHECK_FALSE(a == b);
  CHECK(a.object(world.store).value() == nullptr);
}

TEST_CASE("objects of different engines do not mix") {
  World one;
  World two;
  const Module module = one.load("(module)");
  CHECK(kind_of(two.linker.instantiate(two.store, module)) == ErrorKind::Usage);
  CHECK(kind_of(one.linker.instantiate(two.store, module)) == ErrorKind::Usage);
  CHECK(kind_of(Instance::create(two.store, module, {})) == ErrorKind::Usage);
  CHECK(one.engine == module.engine());
  CHECK_FALSE(one.engine == two.engine);
}

TEST_CASE("finalizers, closures and attached data end with the store, in order") {
  static std::string log;
  log.clear();
  struct Noisy {
    const char* name;
    ~Noisy() { log += name; }
  };
  static constexpr DataKey<Noisy> kFirst{"first"};
  static constexpr DataKey<Noisy> kSecond{"second"};
  const World world;
  {
    Store store = Store::create(world.engine).value();
    REQUIRE(store.attach(kFirst, std::unique_ptr<Noisy>(new Noisy{"1"})).ok());
    REQUIRE(store.attach(kSecond, std::unique_ptr<Noisy>(new Noisy{"2"})).ok());
    REQUIRE(ExternRef::create(store, &log, [](void*) { log += "r"; }).ok());
    auto held = std::make_unique<Noisy>("c");
    REQUIRE(Func::wrap(store, [held = std::move(held)] { return static_cast<int32_t>(held->name[0]); }).ok());
    CHECK(store.data(kFirst)->name == std::string("1"));
    REQUIRE(store.attach(kFirst, std::unique_ptr<Noisy>(new Noisy{"3"})).ok());
    CHECK(log == "1");
  }
  CHECK(log == "1rc32");
}

TEST_CASE("data is found by key, in stores and in host functions") {
  World world;
  static constexpr DataKey<int> kA{"a"};
  static constexpr DataKey<int> kB{"b"};
  int a = 1;
  CHECK(world.store.data(kA) == nullptr);
  REQUIRE(world.store.set_data(kA, &a).ok());
  CHECK(world.store.data(kA) == &a);
  CHECK(world.store.data(kB) == nullptr);
  const Func seen =
      Func::wrap(world.store, [](Caller& caller) -> int32_t { return *caller.data(kA); }).value();
  CHECK(seen.call(world.store, {}).value()[0].get<int32_t>() == 1);
  REQUIRE(world.store.set_data<int>(kA, nullptr).ok());
  CHECK(world.store.data(kA) == nullptr);
}

TEST_CASE("instances and modules keep what they need alive") {
  auto engine = std::make_unique<Engine>(Engine::create().value());
  auto store = std::make_unique<Store>(Store::create(*engine).value());
  Instance instance;
  {
    Linker linker(*engine);
    REQUIRE(linker.func("a", "f", [captured = std::make_unique<int32_t>(5)] { return *captured; }).ok());
    const Module module = load_text(*engine, R"((module (import "a" "f" (func $f (result i32)))
                                      (func (export "run") (result i32) (call $f))))")
                              .value();
    instance = linker.instantiate(*store, module).value();
  }
  engine.reset();
  CHECK(instance.typed<int32_t()>(*store, "run")->call(*store).value() == 5);
  CHECK(instance.module(*store)->export_count() == 1);
}

TEST_CASE("an interrupt handle may outlive its store") {
  World world;
  std::optional<InterruptHandle> handle;
  {
    Store store = Store::create(world.engine).value();
    handle = store.interrupt_handle().value();
  }
  handle->interrupt();
}

}  // namespace wherry
