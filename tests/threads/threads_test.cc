// What several threads may do at once with one engine, mainly for the build under TSan: load modules, lower the functions of
// one module on first calls, and stop guests. Programs come from the fuzz targets' generator, in a fixed sequence.
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "tests/fuzz/generate.h"
#include "wherry/wherry.h"

namespace wherry {

namespace {

constexpr size_t kThreads = 4;

std::vector<uint8_t> program(uint32_t n) {
  std::vector<uint8_t> decisions(400);
  uint64_t state = n * 0x9e3779b97f4a7c15 + 1;
  for (uint8_t& byte : decisions) {
    state = state * 6364136223846793005 + 1442695040888963407;
    byte = static_cast<uint8_t>(state >> 56);
  }
  return fuzz::generate(decisions);
}

Engine make_engine(Validation validation) {
  Config config;
  config.features.set("all", true).value();
  config.fuel = true;
  config.validation = validation;
  config.limits.memory_bytes = 16 << 20;
  return *Engine::create(config);
}

template <class Body>
void on_threads(Body body) {
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kThreads; ++i) threads.emplace_back([&body, i] { body(i); });
  for (std::thread& thread : threads) thread.join();
}

// Imports become traps; each export is called once with zeros. A sum of what came out.
uint64_t run_all(const Engine& engine, const Module& module) {
  uint64_t sum = 0;
  auto store = *Store::create(engine);
  store.set_fuel(20'000).value();
  std::vector<Extern> imports;
  for (size_t i = 0; i < module.import_count(); ++i) {
    const ExternType type = module.import_at(i).type;
    if (type.kind == ExternKind::Func) {
      imports.emplace_back(
          *Func::create(store, type.func,
                        [](Caller&, std::span<const Val>, std::span<Val>) -> Result<void> { return {}; }));
    } else {
      imports.emplace_back(*Global::create(store, type.global, *Val::zero(type.global.content)));
    }
  }
  const auto instance = Instance::create(store, module, imports);
  if (!instance) return ~uint64_t{0};
  for (size_t i = 0; i < module.export_count(); ++i) {
    const auto func = instance->get_at(store, i)->func();
    if (!func) continue;
    const FuncType type = *func->type(store);
    std::vector<Val> params;
    for (const ValType& param : type.params) params.push_back(*Val::zero(param));
    std::vector<Val> results(type.results.size());
    store.set_fuel(20'000).value();
    const auto done = func->call(store, params, results);
    sum = sum * 31 + *store.fuel() + (done ? 1 : static_cast<uint64_t>(done.error().kind()));
  }
  return sum;
}

}  // namespace

TEST_CASE("threads lower one module's functions at once, and compute the same") {
  const Engine engine = make_engine(Validation::Lazy);
  for (uint32_t n = 0; n < 30; ++n) {
    const std::vector<uint8_t> bytes = program(n);
    const Module module = *Module::load(engine, bytes);
    uint64_t sums[kThreads] = {};
    on_threads([&](size_t i) { sums[i] = run_all(engine, module); });
    const Module again = *Module::load(engine, bytes);
    const uint64_t expected = run_all(engine, again);
    for (const uint64_t sum : sums) CHECK(sum == expected);
  }
}

TEST_CASE("threads load modules into one engine at once, each validated by threads") {
  const Engine engine = make_engine(Validation::Eager);
  on_threads([&](size_t i) {
    for (uint32_t n = 0; n < 20; ++n) {
      const std::vector<uint8_t> bytes = program(n + static_cast<uint32_t>(i) % 2);
      const auto module = Module::load(engine, bytes);
      if (module) run_all(engine, *module);
    }
  });
  CHECK(Module::load(engine, program(0)).ok());
}

TEST_CASE("one thread stops the guests of many") {
  Config config;
  const Engine engine = *Engine::create(config);
  const Module module = *load_text(engine, "(module (func (export \"f\") (loop (br 0))))");
  std::atomic<uint32_t> stopped = 0;
  on_threads([&](size_t i) {
    auto store = *Store::create(engine);
    const auto instance = *Instance::create(store, module, {});
    const auto func = *instance.typed<void()>(store, "f");
    const InterruptHandle handle = *store.interrupt_handle();
    if (i % 2 == 0) {
      std::thread other([handle] { handle.interrupt(); });
      const auto result = func.call(store);
      stopped += !result && result.error().trap_code() == TrapCode::Interrupted;
      other.join();
    } else {
      store.set_deadline(std::chrono::milliseconds(5)).value();
      const auto result = func.call(store);
      stopped += !result && result.error().trap_code() == TrapCode::DeadlineExceeded;
    }
  });
  CHECK(stopped == kThreads);
}

}  // namespace wherry
