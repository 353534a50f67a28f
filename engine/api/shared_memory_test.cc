#include "wherry/shared_memory.h"

#include <thread>

#include "engine/api/test_world.h"

namespace wherry {

namespace {

Config with_threads(bool guard = true) {
  Config config;
  config.features.set("threads", true).value();
  config.advanced.signals_based_traps = guard;
  return config;
}

MemoryType shared_type(uint64_t min, uint64_t max) { return {.limits = {min, max}, .shared = true}; }

}  // namespace

TEST_CASE("a shared memory made by the host: its type, growth, copies and atomic accesses") {
  World world(with_threads());
  const SharedMemory memory = SharedMemory::create(world.engine, shared_type(1, 3)).value();
  CHECK(memory.type() == shared_type(1, 3));
  CHECK(memory.size() == 65536);
  CHECK(memory.grow(1).value() == 1);
  CHECK(memory.type() == shared_type(2, 3));
  CHECK(memory.pages() == 2);
  CHECK(kind_of(memory.grow(2)) == ErrorKind::Limit);
  const uint8_t bytes[] = {1, 2, 3, 4, 5};
  CHECK(memory.write(131067, bytes));
  CHECK(trap_of(memory.write(131068, bytes)) == TrapCode::MemoryOutOfBounds);
  uint8_t found[5] = {};
  CHECK(memory.read(131067, found));
  CHECK(found[4] == 5);
  CHECK(trap_of(memory.read(~uint64_t{0}, found)) == TrapCode::MemoryOutOfBounds);
  CHECK(memory.load<uint16_t>(131070).value() == 0x0504);
  CHECK(memory.store<uint32_t>(8, 40));
  CHECK(memory.fetch_add<uint32_t>(8, 2).value() == 40);
  CHECK(memory.exchange<uint8_t>(8, 7).value() == 42);
  CHECK(memory.compare_exchange<uint64_t>(8, 8, 9).value() == 7);
  CHECK(memory.compare_exchange<uint64_t>(8, 7, 9).value() == 7);
  CHECK(memory.load<uint64_t>(8).value() == 9);
  CHECK(trap_of(memory.load<uint32_t>(2)) == TrapCode::UnalignedAtomic);
  CHECK(trap_of(memory.load<uint32_t>(131072)) == TrapCode::MemoryOutOfBounds);
}

TEST_CASE("types that no shared memory can have") {
  World world(with_threads());
  CHECK(kind_of(SharedMemory::create(world.engine, {.limits = {1, 2}})) == ErrorKind::Usage);
  CHECK(kind_of(SharedMemory::create(world.engine, {.limits = {1}, .shared = true})) == ErrorKind::Usage);
  CHECK(kind_of(SharedMemory::create(world.engine, shared_type(2, 1))) == ErrorKind::Usage);
  CHECK(kind_of(Memory::create(world.store, {.limits = {1}, .shared = true})) == ErrorKind::Usage);
}

TEST_CASE("one memory in two stores, by handle and by linker: what one guest writes the other reads") {
  for (const bool guard : {true, false}) {
    World world(with_threads(guard));
    const SharedMemory memory = SharedMemory::create(world.engine, shared_type(1, 4)).value();
    CHECK(world.linker.define("env", "memory", memory));
    const Module module = world.load(R"((module
      (memory (export "memory") (import "env" "memory") 1 8 shared)
      (func (export "put") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
      (func (export "get") (param i32) (result i32) (i32.atomic.load (local.get 0)))
      (func (export "grow") (result i32) (memory.grow (i32.const 1)))
      (func (export "size") (result i32) (memory.size))))");
    const Instance first = world.linker.instantiate(world.store, module).value();
    Store other = Store::create(world.engine).value();
    const Extern import = memory.in(other).value();
    const Instance second = Instance::create(other, module, {&import, 1}).value();
    CHECK(first.typed<void(int32_t, int32_t)>(world.store, "put")->call(world.store, 100, 7));
    const auto get = second.typed<int32_t(int32_t)>(other, "get").value();
    CHECK(get.call(other, 100).value() == 7);
    CHECK(trap_of(get.call(other, 65536)) == TrapCode::MemoryOutOfBounds);
    CHECK(first.typed<int32_t()>(world.store, "grow")->call(world.store).value() == 1);
    CHECK(get.call(other, 65536).value() == 0);
    CHECK(second.typed<int32_t()>(other, "size")->call(other).value() == 2);
    CHECK(memory.pages() == 2);
    // The same thing under all its names.
    const Memory exported = second.memory(other, "memory").value();
    CHECK(exported == *import.memory());
    CHECK(SharedMemory::of(other, exported).value() == memory);
    CHECK(kind_of(exported.view(other)) == ErrorKind::Usage);
    uint8_t byte[1] = {};
    CHECK(exported.read(other, 100, byte));
    CHECK(byte[0] == 7);
  }
}

TEST_CASE("a shared memory outlives the store whose module made it, and pays there for growth elsewhere") {
  World world(with_threads());
  StoreLimits limits;
  limits.memory_bytes = 3 * 65536;
  std::optional<Store> maker = Store::create(world.engine, limits).value();
  const Module module = world.load(R"((module (memory (export "m") 1 10 shared)))");
  const Instance instance = Instance::create(*maker, module, {}).value();
  const SharedMemory memory = SharedMemory::of(*maker, instance.memory(*maker, "m").value()).value();
  CHECK(memory.grow(1).value() == 1);
  CHECK(kind_of(Instance::create(*maker, world.load("(module (memory 2))"), {})) == ErrorKind::Limit);
  maker.reset();
  CHECK(memory.write(0, Bytes(reinterpret_cast<const uint8_t*>("x"), 1)));
  CHECK(memory.grow(1).value() == 2);
  CHECK(kind_of(memory.grow(1)) == ErrorKind::Limit);
}

TEST_CASE("a shared memory of another engine is refused") {
  World world(with_threads());
  World other(with_threads());
  const SharedMemory memory = SharedMemory::create(world.engine, shared_type(1, 1)).value();
  CHECK(kind_of(memory.in(other.store)) == ErrorKind::Usage);
  CHECK(kind_of(other.linker.define("env", "memory", memory)) == ErrorKind::Usage);
}

TEST_CASE("imports of shared memories match by limits and sharing") {
  World world(with_threads());
  const SharedMemory memory = SharedMemory::create(world.engine, shared_type(2, 4)).value();
  CHECK(world.linker.define("env", "memory", memory));
  const auto start = [&](std::string_view import) {
    return kind_of(world.linker.instantiate(
        world.store,
        world.load("(module (import \"env\" \"memory\" (memory " + std::string(import) + ")))")));
  };
  CHECK(start("2 4 shared") == ErrorKind{});
  CHECK(start("1 5 shared") == ErrorKind{});
  CHECK(start("3 4 shared") == ErrorKind::Link);
  CHECK(start("2 3 shared") == ErrorKind::Link);
  CHECK(start("2 4") == ErrorKind::Link);
  CHECK(memory.grow(1));
  CHECK(start("3 4 shared") == ErrorKind{});
}

TEST_CASE("the host waits for a guest and a guest for the host") {
  World world(with_threads());
  const SharedMemory memory = SharedMemory::create(world.engine, shared_type(1, 1)).value();
  CHECK(memory.wait(0, uint32_t{1}).value() == WaitResult::NotEqual);
  CHECK(memory.wait(8, uint64_t{0}, std::chrono::nanoseconds(1)).value() == WaitResult::TimedOut);
  CHECK(trap_of(memory.wait(4, uint64_t{0})) == TrapCode::UnalignedAtomic);
  CHECK(memory.notify(0, 5).value() == 0);
  CHECK(world.linker.define("env", "memory", memory));
  const Instance instance = world.start(R"((module
    (memory (import "env" "memory") 1 1 shared)
    (func (export "wait") (result i32)
      (i32.atomic.store (i32.const 64) (i32.const 1))
      (drop (memory.atomic.notify (i32.const 64) (i32.const -1)))
      (memory.atomic.wait32 (i32.const 128) (i32.const 0) (i64.const -1)))))");
  int32_t result = -1;
  std::thread guest(
      [&] { result = instance.typed<int32_t()>(world.store, "wait")->call(world.store).value(); });
  while (memory.load<uint32_t>(64).value() == 0) {
    (void)memory.wait(64, uint32_t{0});
  }
  while (memory.notify(128, 1).value() == 0) {
    std::this_thread::yield();
  }
  guest.join();
  CHECK(result == 0);
}

TEST_CASE("a guest that waits is woken by an interrupt and by its deadline, and traps") {
  World world(with_threads());
  const Instance instance = world.start(R"((module (memory 1 1 shared)
    (func (export "wait") (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))
    (func (export "wait-long")
      (drop (memory.atomic.wait64 (i32.const 0) (i64.const 0) (i64.const 9223372036854775807))))))");
  for (const char* name : {"wait", "wait-long"}) {
    const InterruptHandle handle = world.store.interrupt_handle().value();
    std::thread other([&] { handle.interrupt(); });
    CHECK(trap_of(world.run(instance, name)) == TrapCode::Interrupted);
    other.join();
    CHECK(world.store.set_deadline(std::chrono::milliseconds(2)));
    CHECK(trap_of(world.run(instance, name)) == TrapCode::DeadlineExceeded);
    world.store.clear_deadline();
  }
}

TEST_CASE("waiting on a memory that is not shared traps; notifying does not") {
  World world(with_threads());
  const Instance instance = world.start(R"((module (memory 1)
    (func (export "wait32") (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 0))))
    (func (export "wait64") (drop (memory.atomic.wait64 (i32.const 0) (i64.const 0) (i64.const 0))))
    (func (export "unaligned") (drop (memory.atomic.wait64 (i32.const 4) (i64.const 0) (i64.const 0))))
    (func (export "notify") (result i32) (memory.atomic.notify (i32.const 0) (i32.const 1)))))");
  CHECK(trap_of(world.run(instance, "wait32")) == TrapCode::ExpectedSharedMemory);
  CHECK(trap_of(world.run(instance, "wait64")) == TrapCode::ExpectedSharedMemory);
  CHECK(trap_of(world.run(instance, "unaligned")) == TrapCode::UnalignedAtomic);
  CHECK(instance.typed<int32_t()>(world.store, "notify")->call(world.store).value() == 0);
}

TEST_CASE("bulk instructions and segments work on shared memories as on others") {
  World world(with_threads());
  const Instance instance = world.start(R"((module (memory (export "m") 1 2 shared) (memory $own 1)
    (data (i32.const 3) "abcdefghijklmnop")
    (data $later "0123456789")
    (func (export "run")
      (memory.copy (i32.const 100) (i32.const 3) (i32.const 16))
      (memory.copy (i32.const 104) (i32.const 100) (i32.const 16))
      (memory.copy $own 0 (i32.const 0) (i32.const 104) (i32.const 16))
      (memory.copy 0 $own (i32.const 203) (i32.const 0) (i32.const 16))
      (memory.fill (i32.const 219) (i32.const 42) (i32.const 20))
      (memory.init $later (i32.const 239) (i32.const 1) (i32.const 9)))
    (func (export "beyond") (memory.fill (i32.const 65530) (i32.const 1) (i32.const 7)))))");
  CHECK(world.run(instance, "run"));
  uint8_t found[45];
  CHECK(instance.memory(world.store, "m")->read(world.store, 203, found));
  CHECK(std::string_view(reinterpret_cast<const char*>(found), 45) ==
        "abcdefghijklmnop********************123456789");
  CHECK(trap_of(world.run(instance, "beyond")) == TrapCode::MemoryOutOfBounds);
}

}  // namespace wherry
