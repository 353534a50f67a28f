// Guests of many stores on one shared memory, and the host beside them; mainly for the build under TSan. Threads count what
// went wrong, because Catch's checks are for one thread.
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "wherry/wherry.h"

namespace wherry {

namespace {

constexpr uint32_t kThreads = 4;
constexpr uint32_t kRounds = 300;

Engine make_engine(bool guard) {
  Config config;
  config.features.set("threads", true).value();
  config.advanced.signals_based_traps = guard;
  return Engine::create(config).value();
}

constexpr const char* kGuest = R"((module
  (memory (import "env" "memory") 1 64 shared)
  (data $text "0123456789abcdef")
  ;; A lock at 0, with a plain counter at 8 that it protects.
  (func $lock
    (block $got
      (loop $again
        (br_if $got (i32.eqz (i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 0) (i32.const 1))))
        (drop (memory.atomic.wait32 (i32.const 0) (i32.const 1) (i64.const -1)))
        (br $again))))
  (func $unlock
    (i32.atomic.store (i32.const 0) (i32.const 0))
    (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))
  (func (export "count") (param $rounds i32)
    (loop $round
      (call $lock)
      (i64.store (i32.const 8) (i64.add (i64.load (i32.const 8)) (i64.const 1)))
      (call $unlock)
      (drop (i64.atomic.rmw.add (i32.const 16) (i64.const 1)))
      (br_if $round (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1))))))
  ;; A page of its own, written by bulk instructions up to its end.
  (func (export "grow") (result i32) (local $page i32)
    (local.set $page (memory.grow (i32.const 1)))
    (if (i32.eq (local.get $page) (i32.const -1)) (then (return (i32.const -1))))
    (memory.fill (i32.mul (local.get $page) (i32.const 65536)) (local.get $page) (i32.const 65536))
    (memory.init $text (i32.add (i32.mul (local.get $page) (i32.const 65536)) (i32.const 5)) (i32.const 0) (i32.const 16))
    (memory.copy (i32.add (i32.mul (local.get $page) (i32.const 65536)) (i32.const 100))
                 (i32.add (i32.mul (local.get $page) (i32.const 65536)) (i32.const 4)) (i32.const 30))
    (local.get $page))
  ;; All threads fill the same bytes: a race, which is the guest's affair.
  (func (export "race") (param $value i32)
    (memory.fill (i32.const 1024) (local.get $value) (i32.const 4096))
    (memory.copy (i32.const 1027) (i32.const 1024) (i32.const 4000)))))";

template <class Body>
void on_threads(Body body) {
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < kThreads; ++i) threads.emplace_back([&body, i] { body(i); });
  for (std::thread& thread : threads) thread.join();
}

struct World {
  explicit World(bool guard)
      : engine(make_engine(guard)),
        memory(SharedMemory::create(engine, {.limits = {1, 64}, .shared = true}).value()),
        linker(engine) {
    linker.define("env", "memory", memory).value();
    pre.emplace(linker.prelink(load_text(engine, kGuest).value()).value());
  }
  Engine engine;
  SharedMemory memory;
  Linker linker;
  std::optional<InstancePre> pre;
};

}  // namespace

TEST_CASE("guests of many stores count under a lock of their own, while the host looks on") {
  for (const bool guard : {true, false}) {
    World world(guard);
    std::atomic<bool> is_done{false};
    std::atomic<uint32_t> wrong{0};
    std::thread host([&] {
      uint64_t last = 0;
      while (!is_done) {
        const uint64_t now = world.memory.load<uint64_t>(16).value();
        wrong += now < last;
        last = now;
        std::this_thread::yield();
      }
    });
    on_threads([&](uint32_t) {
      Store store = Store::create(world.engine).value();
      const Instance instance = world.pre->instantiate(store).value();
      instance.typed<void(uint32_t)>(store, "count")->call(store, kRounds).value();
    });
    is_done = true;
    host.join();
    CHECK(wrong == 0);
    CHECK(world.memory.load<uint64_t>(8).value() == kThreads * kRounds);
    CHECK(world.memory.load<uint64_t>(16).value() == kThreads * kRounds);
  }
}

TEST_CASE("guests and the host grow one memory: every page is given out once") {
  for (const bool guard : {true, false}) {
    World world(guard);
    std::atomic<uint64_t> pages{0};
    std::atomic<uint32_t> wrong{0};
    on_threads([&](uint32_t i) {
      Store store = Store::create(world.engine).value();
      const Instance instance = world.pre->instantiate(store).value();
      const auto grow = instance.typed<int32_t()>(store, "grow").value();
      for (int round = 0; round < 20; ++round) {
        if (i == 0) {
          const Result<uint64_t> page = world.memory.grow(1);
          if (page) pages |= uint64_t{1} << *page;
          continue;
        }
        const int32_t page = grow.call(store).value();
        if (page < 0) continue;
        pages |= uint64_t{1} << page;
        uint8_t text[16] = {};
        world.memory.read(static_cast<uint64_t>(page) * 65536 + 101, text).value();
        wrong += std::string_view(reinterpret_cast<const char*>(text), 16) != "0123456789abcdef";
      }
    });
    CHECK(wrong == 0);
    CHECK(world.memory.pages() == 64);
    CHECK(pages == ~uint64_t{1});
  }
}

TEST_CASE("racing bulk instructions of guests, and copies of the host, tear and do no more") {
  World world(true);
  std::atomic<uint32_t> wrong{0};
  on_threads([&](uint32_t i) {
    Store store = Store::create(world.engine).value();
    const Instance instance = world.pre->instantiate(store).value();
    const auto race = instance.typed<void(uint32_t)>(store, "race").value();
    uint8_t bytes[256];
    for (uint32_t round = 0; round < 20; ++round) {
      race.call(store, i + 1).value();
      world.memory.read(2000, bytes).value();
      for (const uint8_t byte : bytes) wrong += byte > kThreads;
      world.memory.write(2000 + i * 8, Bytes(bytes, 8)).value();
    }
  });
  CHECK(wrong == 0);
}

TEST_CASE("a memory passes between stores that come and go") {
  World world(false);
  std::atomic<uint32_t> same{0};
  on_threads([&](uint32_t) {
    for (int round = 0; round < 20; ++round) {
      Store store = Store::create(world.engine).value();
      const Instance instance = world.pre->instantiate(store).value();
      instance.typed<void(uint32_t)>(store, "count")->call(store, 5).value();
      same += SharedMemory::of(store, world.memory.in(store).value()).value() == world.memory;
    }
  });
  CHECK(same == kThreads * 20);
  CHECK(world.memory.load<uint64_t>(8).value() == kThreads * 20 * 5);
}

TEST_CASE("interrupts end waits on many threads, whenever they come") {
  World world(true);
  const Module module = load_text(world.engine, R"((module (memory (import "env" "memory") 1 64 shared)
      (func (export "wait") (drop (memory.atomic.wait32 (i32.const 64) (i32.const 0) (i64.const -1))))))")
                            .value();
  std::atomic<uint32_t> ended{0};
  on_threads([&](uint32_t i) {
    Store store = Store::create(world.engine).value();
    const Instance instance = world.linker.instantiate(store, module).value();
    const auto wait = instance.typed<void()>(store, "wait").value();
    for (int round = 0; round < 50; ++round) {
      const InterruptHandle handle = store.interrupt_handle().value();
      if (i % 2 == 0) {
        std::thread other([handle] { handle.interrupt(); });
        ended += wait.call(store).error().trap_code() == TrapCode::Interrupted;
        other.join();
      } else {
        store.set_deadline(std::chrono::microseconds(100)).value();
        ended += wait.call(store).error().trap_code() == TrapCode::DeadlineExceeded;
      }
    }
  });
  CHECK(ended == kThreads * 50);
}

}  // namespace wherry
