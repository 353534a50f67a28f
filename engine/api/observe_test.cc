// Observers: what they are told of calls, instructions and time.
#include <algorithm>
#include <chrono>
#include <vector>

#include "engine/api/test_world.h"

namespace wherry {

namespace {

// Writes down what it is told, a line each.
class Recorder : public Observer {
 public:
  void on_call(const CallEvent& event) override { line("call", event); }
  void on_return(const CallEvent& event) override { line("return", event); }
  void on_instruction(const InstructionEvent& event) override {
    ++instructions;
    text += std::to_string(event.depth) + " " + event.function.name + "+" +
            std::to_string(event.function_offset) + " " + std::string(event.text) + "\n";
  }

  std::string text;
  size_t instructions = 0;

 private:
  void line(const char* what, const CallEvent& event) {
    text += std::to_string(event.depth) + " " + what + (event.function.host ? " host " : " ") +
            event.function.name;
    for (const uint64_t slot : event.slots) text += " " + std::to_string(static_cast<int64_t>(slot));
    text += "\n";
  }
};

Config observing(uint32_t observations) {
  Config config;
  config.advanced.observations = observations;
  return config;
}

constexpr auto kCalls = static_cast<uint32_t>(Observation::Calls);
constexpr auto kInstructions = static_cast<uint32_t>(Observation::Instructions);
constexpr auto kSamples = static_cast<uint32_t>(Observation::Samples);

}  // namespace

TEST_CASE("calls are observed with arguments, results and depth, through the host and back") {
  for (const uint32_t disabled : {uint32_t{0}, kAllOptimizations}) {
    Config config = observing(kCalls);
    config.advanced.disabled_optimizations = disabled;
    World world(config);
    Recorder recorder;
    Instance instance;
    REQUIRE(world.linker
                .func("host", "back",
                      [&](Caller& caller, int32_t value) -> Result<int32_t> {
                        const auto twice = instance.typed<int32_t(int32_t)>(caller, "twice");
                        return twice.value().call(caller, value + 1);
                      })
                .ok());
    instance = world.start(R"((module
      (import "host" "back" (func $back (param i32) (result i32)))
      (func $twice (export "twice") (param i32) (result i32) (i32.add (local.get 0) (local.get 0)))
      (func $swap (param i32 i64) (result i64 i32) (local.get 1) (local.get 0))
      (func $run (export "run") (param i32) (result i64)
        (call $swap (call $back (local.get 0)) (i64.const -3)) drop)))");
    REQUIRE(world.store.set_observer(&recorder).ok());
    const auto run = instance.typed<int64_t(int32_t)>(world.store, "run").value();
    CHECK(run.call(world.store, 20).value() == -3);
    CHECK(recorder.text ==
          "0 call run 20\n1 call host host.back 20\n2 call twice 21\n2 return twice 42\n1 return host "
          "host.back 42\n"
          "1 call swap 42 -3\n1 return swap -3 42\n0 return run -3\n");
    REQUIRE(world.store.set_observer(nullptr).ok());
    recorder.text.clear();
    CHECK(run.call(world.store, 20).value() == -3);
    CHECK(recorder.text.empty());
  }
}

TEST_CASE("functions that end without returning leave the depth right") {
  World world(observing(kCalls));
  Recorder recorder;
  const Instance instance = world.start(R"((module
    (func $down (export "down") (param i32) (result i32)
      (if (i32.eqz (local.get 0)) (then (return (i32.const 7))))
      (return_call $down (i32.sub (local.get 0) (i32.const 1))))
    (func $boom (export "boom") unreachable)
    (func $outer (export "outer") (call $boom))))");
  REQUIRE(world.store.set_observer(&recorder).ok());
  CHECK(instance.typed<int32_t(int32_t)>(world.store, "down").value().call(world.store, 2).value() == 7);
  CHECK(trap_of(world.run(instance, "outer")) == TrapCode::Unreachable);
  CHECK(trap_of(world.run(instance, "boom")) == TrapCode::Unreachable);
  CHECK(recorder.text ==
        "0 call down 2\n0 call down 1\n0 call down 0\n0 return down 7\n"
        "0 call outer\n1 call boom\n0 call boom\n");
}

TEST_CASE("instructions are observed in order, as many as units of fuel") {
  for (const uint32_t disabled : {uint32_t{0}, kAllOptimizations}) {
    Config config = observing(kInstructions);
    config.fuel = true;
    config.advanced.disabled_optimizations = disabled;
    World world(config);
    Recorder recorder;
    const Instance instance = world.start(R"((module
      (func $sum (export "sum") (param i32) (result i32) (local i32)
        (loop (local.set 1 (i32.add (local.get 1) (local.get 0)))
          (br_if 0 (i32.ne (local.tee 0 (i32.sub (local.get 0) (i32.const 1))) (i32.const 0))))
        (if (result i32) (i32.gt_u (local.get 1) (i32.const 100)) (then (i32.const 100)) (else (local.get 1))))))");
    REQUIRE(world.store.set_observer(&recorder).ok());
    REQUIRE(world.store.set_fuel(1000).ok());
    const auto sum = instance.typed<int32_t(int32_t)>(world.store, "sum").value();
    CHECK(sum.call(world.store, 1).value() == 1);
    CHECK(
        recorder.text ==
        "0 sum+3 loop\n0 sum+5 local.get 1\n0 sum+7 local.get 0\n0 sum+9 i32.add\n0 sum+10 local.set 1\n"
        "0 sum+12 local.get 0\n0 sum+14 i32.const 1\n0 sum+16 i32.sub\n0 sum+17 local.tee 0\n0 sum+19 "
        "i32.const 0\n"
        "0 sum+21 i32.ne\n0 sum+22 br_if 0\n0 sum+25 local.get 1\n0 sum+27 i32.const 100\n0 sum+30 i32.gt_u\n"
        "0 sum+31 if (result i32)\n0 sum+37 local.get 1\n");
    CHECK(sum.call(world.store, 40).value() == 100);
    CHECK(recorder.instructions == 1000 - world.store.fuel().value());
  }
}

namespace {

// Counts samples by innermost function.
class Sampler : public Observer {
 public:
  void on_sample(const SampleEvent& event) override {
    ++samples;
    elapsed += event.elapsed;
    const std::string& inner = event.stack.front()->name;
    if (std::ranges::find(innermost, inner) == innermost.end()) innermost.push_back(inner);
    if (event.stack.back()->name != "run") outermost_is_run = false;
  }
  size_t samples = 0;
  std::chrono::nanoseconds elapsed{0};
  std::vector<std::string> innermost;
  bool outermost_is_run = true;
};

}  // namespace

TEST_CASE("samples are of the function that runs, until it has been sampled") {
  World world(observing(kSamples));
  Sampler sampler;
  REQUIRE(world.linker.func("host", "more", [&]() -> int32_t { return sampler.samples < 3; }).ok());
  const Instance instance = world.start(R"((module
    (import "host" "more" (func $more (result i32)))
    (func $work (param i32) (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    (func $run (export "run") (loop (call $work (i32.const 100000)) (br_if 0 (call $more))))))");
  REQUIRE(world.store.set_observer(&sampler).ok());
  REQUIRE(world.run(instance, "run").ok());
  CHECK(sampler.samples >= 3);
  CHECK(sampler.elapsed >= std::chrono::milliseconds(3));
  CHECK(sampler.outermost_is_run);
  CHECK(std::ranges::find(sampler.innermost, "work") != sampler.innermost.end());
}

TEST_CASE("time in a host function is its own") {
  World world(observing(kSamples));
  Sampler sampler;
  REQUIRE(world.linker
              .func("host", "wait",
                    [&]() {
                      const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(3);
                      while (std::chrono::steady_clock::now() < end) {}
                    })
              .ok());
  const Instance instance =
      world.start(R"((module (import "host" "wait" (func $wait)) (func $run (export "run") (call $wait))))");
  REQUIRE(world.store.set_observer(&sampler).ok());
  REQUIRE(world.run(instance, "run").ok());
  CHECK(std::ranges::find(sampler.innermost, "host.wait") != sampler.innermost.end());
}

TEST_CASE("an engine that observes nothing takes no observer") {
  World world;
  Recorder recorder;
  CHECK(kind_of(world.store.set_observer(&recorder)) == ErrorKind::Usage);
  CHECK(world.store.set_observer(nullptr).ok());
  CHECK(kind_of(Engine::create(observing(8))) == ErrorKind::Usage);
  Config config = observing(kSamples);
  config.interruption = false;
  CHECK(kind_of(Engine::create(config)) == ErrorKind::Usage);
}

}  // namespace wherry
