// The store without a module: host functions, handles, limits, time. Guest code is played by a tier made here.
#include "engine/runtime/store.h"

#include <cstring>
#include <string>

#include <unistd.h>
#include <catch2/catch.hpp>

#include "engine/base/os/clock.h"
#include "engine/runtime/builtins.h"
#include "engine/wasm/errors.h"

namespace wherry::runtime {
namespace {

constinit const abi::Cell kCell = 0;
constinit abi::FuncCode g_code{};

// Enters nothing: the tests of this file call only the host.
wasm::TrapCode refuse(abi::FuncObject*, uint64_t*, abi::Crossing*) { return wasm::TrapCode::Unreachable; }
constinit const abi::Tier kTier{&kCell, &g_code, refuse};

struct World {
  InterruptClock clock;
  wasm::TypeRegistry registry;
  std::unique_ptr<Store> store;

  explicit World(StoreLimits limits = {}) {
    StoreSetup setup;
    setup.tier = &kTier;
    setup.clock = &clock;
    setup.limits = limits;
    setup.interruption = true;
    store = std::move(*Store::create(setup));
  }

  HostFunc* host(abi::HostEntry entry, void* environment = nullptr, void (*destroy)(void*) = nullptr) {
    static constexpr wasm::ValType kParams[] = {wasm::kI32, wasm::kI32};
    auto type = registry.add_function({kParams, std::span(kParams, 1)});
    const wasm::CanonType& kept = (*type)[wasm::TypeIndex(0)];
    REQUIRE(store->keep_types(std::move(*type)));
    return *store->add_host_func(kept, entry, environment, destroy);
  }
};

abi::HostStatus add(void*, abi::Context*, uint64_t* slots) {
  slots[0] = static_cast<uint32_t>(slots[0] + slots[1]);
  return abi::HostStatus::Ok;
}

TEST_CASE("host functions are called with their slots") {
  World world;
  HostFunc* const func = world.host(add);
  uint64_t slots[] = {3, 4};
  CHECK(world.store->call(&func->object.base, slots));
  CHECK(slots[0] == 7);
  CHECK_FALSE(world.store->is_running());
}

TEST_CASE("handles find the object again, and nothing else") {
  World world;
  Store& store = *world.store;
  HostFunc* const func = world.host(add);
  const HandleId handle = store.handle_of(&func->object.base);
  CHECK(store.func(handle) == &func->object.base);
  CHECK(store.func({handle.index + 1, handle.generation}) == nullptr);
  CHECK(store.func({0, 0}) == nullptr);
  CHECK(store.func({0, 1}) == nullptr);

  wasm::MemoryType memory_type;
  auto memory = store.add_memory(memory_type);
  REQUIRE(memory);
  CHECK(store.memory(store.handle_of(*memory)) == *memory);
  CHECK(store.memory({1, 1}) == nullptr);
  CHECK(store.memory({0, 2}) == nullptr);
  CHECK(store.table({0, 1}) == nullptr);
  CHECK(store.instance({0, 1}) == nullptr);

  const uint64_t value[] = {7, 8};
  auto global = store.add_global({wasm::kV128, true}, value);
  REQUIRE(global);
  CHECK(store.global(Store::handle_of(*global))->slots()[1] == 8);
  CHECK(reinterpret_cast<uintptr_t>((*global)->slots()) % 16 == 0);
}

TEST_CASE("stores have different numbers") {
  World first;
  World second;
  CHECK(first.store->id() != 0);
  CHECK(first.store->id() != second.store->id());
}

TEST_CASE("what the host gave is given back, newest first") {
  std::string order;
  struct Item {
    std::string* order;
    char name;
  };
  Item items[] = {{&order, 'a'}, {&order, 'b'}, {&order, 'c'}, {&order, 'd'}};
  const auto note = [](void* object) {
    const auto* item = static_cast<Item*>(object);
    *item->order += item->name;
  };
  {
    World world;
    (void)world.host(add, &items[0], note);
    (void)world.host(add, &items[1], note);
    CHECK(world.store->heap().allocate_extern(&items[2], note) != abi::kNullRef);
    CHECK(world.store->heap().allocate_extern(&items[3], note) != abi::kNullRef);
    world.store->set_host_failure(&items[0], note);
    world.store->set_host_failure(&items[1], note);  // The first is dropped here.
    CHECK(order == "a");
    CHECK(world.store->take_host_failure() == &items[1]);
    CHECK(world.store->take_host_failure() == nullptr);
  }
  CHECK(order == "adcba");
}

TEST_CASE("a host function fails by trap, by an object of the host, by an error, or by asking for time") {
  World world;
  Store& store = *world.store;
  uint64_t slots[2] = {};

  const abi::HostEntry traps = [](void*, abi::Context* caller, uint64_t*) {
    Store::of(caller).set_trap(wasm::TrapCode::MemoryOutOfBounds);
    return abi::HostStatus::Trap;
  };
  Outcome<void> outcome = store.call(&world.host(traps)->object.base, slots);
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().trap == wasm::TrapCode::MemoryOutOfBounds);

  int failure = 0;
  const abi::HostEntry fails = [](void* environment, abi::Context* caller, uint64_t*) {
    Store::of(caller).set_host_failure(environment, nullptr);
    return abi::HostStatus::Trap;
  };
  outcome = store.call(&world.host(fails, &failure)->object.base, slots);
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().trap == wasm::TrapCode::HostError);
  CHECK(store.take_host_failure() == &failure);

  const abi::HostEntry errs = [](void*, abi::Context* caller, uint64_t*) {
    Store::of(caller).set_pending_error({wasm::ErrorCode::TypeMismatch, 5, "x"});
    return abi::HostStatus::Trap;
  };
  outcome = store.call(&world.host(errs)->object.base, slots);
  REQUIRE_FALSE(outcome);
  CHECK_FALSE(outcome.error().is_trap());
  CHECK(outcome.error().error.code == wasm::ErrorCode::TypeMismatch);

  const abi::HostEntry waits = [](void*, abi::Context*, uint64_t*) { return abi::HostStatus::Pending; };
  outcome = store.call(&world.host(waits)->object.base, slots);
  REQUIRE_FALSE(outcome);
  CHECK(wasm::describe(outcome.error().error) ==
        "instruction cannot be executed yet: a host function that answers later");
}

TEST_CASE("a host function that calls itself without end exhausts the native stack, not the process") {
  World world;
  struct Frame {
    abi::FuncObject* self;
    uint64_t depth;
    wasm::TrapCode trap;
  };
  const abi::HostEntry recurse = [](void* environment, abi::Context* caller, uint64_t* slots) {
    auto* frame = static_cast<Frame*>(environment);
    ++frame->depth;
    Outcome<void> inner = Store::of(caller).call(frame->self, slots);
    if (!inner) frame->trap = inner.error().trap;
    return abi::HostStatus::Ok;
  };
  Frame frame{nullptr, 0, wasm::TrapCode::None};
  frame.self = &world.host(recurse, &frame)->object.base;
  uint64_t slots[2] = {};
  CHECK(world.store->call(frame.self, slots));
  CHECK(frame.trap == wasm::TrapCode::CallStackExhausted);
  CHECK(frame.depth > 100);
}

TEST_CASE("the value stack has the size that was asked for, and a guard") {
  StoreLimits limits;
  limits.stack_bytes = 64 << 10;
  World world(limits);
  uint64_t slots[2] = {};
  CHECK(world.store->activation().stack_base == nullptr);
  CHECK(world.store->call(&world.host(add)->object.base, slots));
  const abi::Activation& activation = world.store->activation();
  CHECK(activation.stack_end - activation.stack_base == 8192);
  CHECK(world.store->state().stack_limit == activation.stack_end);
  CHECK(activation.stack_top == activation.stack_base);
}

TEST_CASE("an interrupt stops the next call once, also from another thread") {
  World world;
  Store& store = *world.store;
  uint64_t slots[2] = {};
  abi::FuncObject* const func = &world.host(add)->object.base;
  InterruptState* const handle = store.interrupts();
  handle->retain();
  base::Thread thread;
  REQUIRE(thread.start([](void* state) { static_cast<InterruptState*>(state)->interrupt(); }, handle));
  thread.join();
  CHECK(store.state().deadline_epoch == 0);
  Outcome<void> outcome = store.call(func, slots);
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().trap == wasm::TrapCode::Interrupted);
  CHECK_FALSE(outcome.error().is_deadline);
  CHECK(store.state().deadline_epoch == InterruptClock::kNever);
  CHECK(store.call(func, slots));
  world.store.reset();
  handle->interrupt();  // Does nothing.
  handle->release();
}

TEST_CASE("deadlines: passed ones stop calls at once, future ones let them run, cleared ones are gone") {
  World world;
  Store& store = *world.store;
  uint64_t slots[2] = {};
  abi::FuncObject* const func = &world.host(add)->object.base;
  CHECK(store.set_deadline(base::monotonic_ns()));
  Outcome<void> outcome = store.call(func, slots);
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().trap == wasm::TrapCode::Interrupted);
  CHECK(outcome.error().is_deadline);
  CHECK_FALSE(store.call(func, slots));
  CHECK(store.set_deadline(base::monotonic_ns() + uint64_t{3600} * 1'000'000'000));
  CHECK(store.call(func, slots));
  CHECK(store.set_deadline(Store::kNever));
  CHECK(store.call(func, slots));
  CHECK(store.state().deadline_epoch == InterruptClock::kNever);
}

TEST_CASE("running code sees the deadline come: the engine's epoch reaches it") {
  World world;
  Store& store = *world.store;
  const uint64_t deadline = base::monotonic_ns() + 3'000'000;
  CHECK(store.set_deadline(deadline));
  const std::atomic<uint64_t>& epoch = *store.host_context()->interrupt;
  const uint64_t patience = deadline + 60'000'000'000;
  while (epoch.load() < store.state().deadline_epoch.load() && base::monotonic_ns() < patience) usleep(100);
  CHECK(base::monotonic_ns() >= deadline);
  CHECK(kBuiltins.interrupted(store.host_context()) == wasm::TrapCode::Interrupted);
  CHECK(store.was_deadline());
}

TEST_CASE("an epoch is reached only after its moment has passed") {
  for (const uint64_t time :
       {uint64_t{0}, uint64_t{1}, uint64_t{999'999}, uint64_t{1'000'000}, uint64_t{1'234'567}}) {
    CHECK(InterruptClock::epoch_after(time) * InterruptClock::kTickNs > time);
    CHECK(InterruptClock::epoch_after(time) * InterruptClock::kTickNs <= time + InterruptClock::kTickNs);
  }
}

}  // namespace
}  // namespace wherry::runtime
