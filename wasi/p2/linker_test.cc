// The tables of WASI 0.2 against its WIT: names and types of every function, and versions.
#include <catch2/catch.hpp>
#include <cstdio>
#include <string>

#include "wasi/p2/preview2.h"
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

struct RandomGuest {
  Result<uint32_t> run(uint64_t length, bool attached = true) {
    const Engine engine = *Engine::create();
    const Component component = *Component::load_text(engine, kRandom);
    ComponentLinker linker(engine);
    CHECK(add_to_linker(linker));
    Store store = *Store::create(engine);
    Preview2Config config;
    config.max_random_bytes = 1000;
    if (attached) CHECK(attach(store, config));
    const ComponentInstance instance = *linker.instantiate(store, component);
    return instance.typed<uint32_t(uint64_t)>(store, "run")->call(store, length);
  }
};

TEST_CASE("wasi:random gives what is asked for up to the limit, and traps beyond") {
  RandomGuest guest;
  for (const uint64_t length : {0, 1, 1000}) CHECK(*guest.run(length) == length);
  for (const uint64_t length : {uint64_t{1001}, uint64_t{1} << 40, UINT64_MAX}) {
    const Result<uint32_t> result = guest.run(length);
    REQUIRE_FALSE(result);
    CHECK(result.error().kind() == ErrorKind::Trap);
    CHECK(result.error().trap()->message == "more random bytes are asked for than one call may give");
  }
}

TEST_CASE("a guest in a store without surroundings is told so") {
  const Result<uint32_t> result = RandomGuest().run(1, /*attached=*/false);
  REQUIRE_FALSE(result);
  CHECK(result.error().kind() == ErrorKind::Usage);
}

}  // namespace
}  // namespace wherry::wasi
