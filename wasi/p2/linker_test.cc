// The tables of WASI 0.2 against its WIT: names and types of every function, and versions.
#include <catch2/catch.hpp>
#include <cstdio>
#include <string>

#include "wherry/wasi_component.h"
#include "wherry/wherry.h"

namespace wherry::wasi {
namespace {

std::string imports_text() {
  std::string text;
  FILE* const file = std::fopen("p2/testdata/imports.wat", "rb");
  if (file == nullptr) return "(no testdata)";
  char buffer[4096];
  while (const size_t got = std::fread(buffer, 1, sizeof buffer, file)) text.append(buffer, got);
  std::fclose(file);
  return text;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

std::string link(const std::string& text) {
  const Engine engine = *Engine::create();
  const Result<Component> component = Component::load_text(engine, text);
  if (!component) return component.error().describe();
  ComponentLinker linker(engine);
  if (!add_to_linker(linker)) return "add_to_linker failed";
  const Result<ComponentPre> pre = linker.prelink(*component);
  return pre ? "ok" : pre.error().describe();
}

TEST_CASE("every import of wasi:cli/imports is there with the type that its WIT says") {
  CHECK(link(imports_text()) == "ok");
}

TEST_CASE("components made for any version from 0.2.0 to 0.2.12 link, others do not") {
  const std::string text = imports_text();
  for (const char* version : {"@0.2.0", "@0.2.3", "@0.2.11"}) {
    INFO(version);
    CHECK(link(replaced(text, "@0.2.12", version)) == "ok");
  }
  for (const char* version : {"@0.3.0", "@0.2.0-rc-2023-11-10", "@1.0.0"}) {
    INFO(version);
    CHECK(link(replaced(text, "@0.2.12", version)) != "ok");
  }
}

TEST_CASE("a function that is imported with another type does not link") {
  const std::string text = imports_text();
  const std::string changed = replaced(text, "(param \"status-code\" u8)", "(param \"status-code\" u16)");
  REQUIRE(changed != text);
  CHECK(link(changed) != "ok");
}

// `run(n)` asks for n random bytes and answers how many came.
constexpr std::string_view kRandom = R"((component
  (import "wasi:random/random@0.2.0" (instance $random
    (export "get-random-bytes" (func (param "len" u64) (result (list u8))))))
  (core module $memory_module (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
  (core instance $memory (instantiate $memory_module))
  (core func $bytes (canon lower (func $random "get-random-bytes")
    (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
  (core module $main
    (import "host" "memory" (memory 1)) (import "host" "bytes" (func $bytes (param i64 i32)))
    (func (export "run") (param i64) (result i32)
      (call $bytes (local.get 0) (i32.const 16)) (i32.load (i32.const 20))))
  (core instance $program (instantiate $main (with "host" (instance
    (export "memory" (memory $memory "memory")) (export "bytes" (func $bytes))))))
  (func (export "run") (param "n" u64) (result u32) (canon lift (core func $program "run")))))";

// Calls `run` of a component.
Result<uint32_t> run(std::string_view text, uint64_t number, bool attached = true) {
  const Engine engine = *Engine::create();
  const Component component = *Component::load_text(engine, text);
  ComponentLinker linker(engine);
  CHECK(add_to_linker(linker));
  Store store = *Store::create(engine);
  Preview2Config config;
  config.max_random_bytes = 1000;
  if (attached) CHECK(attach(store, config));
  const ComponentInstance instance = *linker.instantiate(store, component);
  return instance.typed<uint32_t(uint64_t)>(store, "run")->call(store, number);
}

TEST_CASE("wasi:random gives what is asked for up to the limit, and traps beyond") {
  for (const uint64_t length : {0, 1, 1000}) CHECK(*run(kRandom, length) == length);
  for (const uint64_t length : {uint64_t{1001}, uint64_t{1} << 40, UINT64_MAX}) {
    const Result<uint32_t> result = run(kRandom, length);
    REQUIRE_FALSE(result);
    CHECK(result.error().kind() == ErrorKind::Trap);
    CHECK(result.error().trap()->message == "more random bytes are asked for than one call may give");
  }
}

// `run(n)` waits for n times the same pollable and answers how many were ready.
constexpr std::string_view kPoll = R"((component
  (import "wasi:io/poll@0.2.0" (instance $poll
    (export "pollable" (type $p (sub resource)))
    (export "poll" (func (param "in" (list (borrow $p))) (result (list u32))))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
    (alias outer 1 $pollable (type $q))
    (export "pollable" (type $p (eq $q)))
    (export "subscribe-duration" (func (param "when" u64) (result (own $p))))))
  (core module $memory_module (memory (export "memory") 20)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 524288)))
  (core instance $memory (instantiate $memory_module))
  (core func $poll (canon lower (func $poll "poll")
    (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
  (core func $wait (canon lower (func $clock "subscribe-duration")))
  (core module $main
    (import "host" "memory" (memory 1)) (import "host" "poll" (func $poll (param i32 i32 i32)))
    (import "host" "wait" (func $wait (param i64) (result i32)))
    (func (export "run") (param i64) (result i32) (local $i i32) (local $handle i32)
      (local.set $handle (call $wait (i64.const 0)))
      (loop $next
        (i32.store offset=1024 (local.get $i) (local.get $handle))
        (local.set $i (i32.add (local.get $i) (i32.const 4)))
        (br_if $next (i32.lt_u (local.get $i) (i32.const 420000))))
      (call $poll (i32.const 1024) (i32.wrap_i64 (local.get 0)) (i32.const 16)) (i32.load (i32.const 20))))
  (core instance $program (instantiate $main (with "host" (instance
    (export "memory" (memory $memory "memory")) (export "poll" (func $poll)) (export "wait" (func $wait))))))
  (func (export "run") (param "n" u64) (result u32) (canon lift (core func $program "run")))))";

TEST_CASE("wasi:io: a list of pollables has a limit") {
  CHECK(*run(kPoll, 3) == 3);
  CHECK(*run(kPoll, 100'000) == 100'000);
  const Result<uint32_t> result = run(kPoll, 100'001);
  REQUIRE_FALSE(result);
  CHECK(result.error().trap()->message == "a list of more than 100,000 pollables");
}

TEST_CASE("a guest in a store without surroundings is told so") {
  const Result<uint32_t> result = run(kRandom, 1, /*attached=*/false);
  REQUIRE_FALSE(result);
  CHECK(result.error().kind() == ErrorKind::Usage);
}

}  // namespace
}  // namespace wherry::wasi
