// Small files that ask for much: types that double, components in components, files that end anywhere. Each ends in an answer
// within 64 MiB, which a child process with that limit finds out; how much work it may be is bounded by the rows of
// component/limits.inc, whose errors are asked for here.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

#include "component/decode.h"
#include "component/text.h"
#include "component/validate.h"
#include "engine/wasm/errors.h"
#include "wherry/component_linker.h"

namespace wherry::component {
namespace {

// Whether a process is left with 64 MiB more than it has. A sanitizer's shadow does not fit into that: there it is not limited.
bool within_64_mib(auto&& work) {
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  return work();
#else
  const pid_t child = fork();
  if (child == 0) {
    std::ifstream status("/proc/self/statm");
    rlim_t pages[6] = {};
    for (rlim_t& number : pages) status >> number;
    // Data and stack: what is private and can be written, and so what RLIMIT_DATA counts.
    const rlim_t most = pages[5] * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + (rlim_t{64} << 20);
    const rlimit limit = {most, most};
    if (setrlimit(RLIMIT_DATA, &limit) != 0) _exit(2);
    _exit(work() ? 0 : 1);
  }
  int status = 0;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
#endif
}

// What becomes of bytes: "ok", or the error.
std::string outcome(base::ByteSpan bytes) {
  wasm::TypeRegistry registry;
  base::Result<Component> decoded = decode(bytes, Features::all());
  if (!decoded) return wasm::describe(decoded.error());
  const base::Result<ValidComponent> valid = validate(std::move(*decoded), registry);
  return valid ? "ok" : wasm::describe(valid.error());
}

void leb(std::vector<uint8_t>* out, size_t value) {
  do {
    const auto byte = static_cast<uint8_t>(value & 0x7f);
    value >>= 7;
    out->push_back(value == 0 ? byte : byte | 0x80);
  } while (value != 0);
}

constexpr uint8_t kPreamble[] = {0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00};

// `depth` components around one another.
std::vector<uint8_t> nested(int depth) {
  std::vector<uint8_t> bytes;
  for (int i = 0; i < depth; ++i) {
    std::vector<uint8_t> outer(std::begin(kPreamble), std::end(kPreamble));
    if (i != 0) {
      outer.push_back(4);
      leb(&outer, bytes.size());
      outer.insert(outer.end(), bytes.begin(), bytes.end());
    }
    bytes = std::move(outer);
  }
  return bytes;
}

std::vector<uint8_t> binary(const std::string& text) {
  base::Result<text::TextModule> parsed = parse_component(base::as_bytes(std::string_view(text)));
  if (!parsed) FAIL(wasm::describe(parsed.error()));
  return {parsed->binary.begin(), parsed->binary.end()};
}

std::string doubling(const std::string& first, const std::string& one, const std::string& two, int times) {
  std::string text = "(component (type $t0 " + first + ")";
  for (int i = 1; i <= times; ++i) {
    const std::string before = " $t" + std::to_string(i - 1);
    text += "(type $t" + std::to_string(i) + " (" + one + before + two + before + "))";
  }
  return text + ")";
}

// The kind of error that making an instance of a text ends with; nothing: there is one.
std::optional<ErrorKind> refusal(const Config& config, const std::string& text) {
  const Engine engine = Engine::create(config).value();
  Store store = Store::create(engine).value();
  const Result<wherry::Component> component = wherry::Component::load_text(engine, text);
  if (!component) return component.error().kind();
  const Result<ComponentInstance> made = ComponentLinker(engine).instantiate(store, *component);
  if (!made) return made.error().kind();
  return std::nullopt;
}

std::string times(int count, const std::string& piece) {
  std::string text;
  for (int i = 0; i < count; ++i) text += piece;
  return text;
}

}  // namespace

TEST_CASE("lowered functions that are realloc of one another do not use up the host's stack") {
  const auto chain = [](int count) {
    std::string text = R"((component
      (component $A (core module $M (func (export "f") (param i32 i32 i32 i32) (result i32) (local.get 0)))
        (core instance $m (instantiate $M))
        (func (export "f") (param "a" s32) (param "b" s32) (param "c" s32) (param "d" s32) (result s32)
          (canon lift (core func $m "f"))))
      (instance $a (instantiate $A))
      (core module $L (memory (export "mem") 1))
      (core instance $l (instantiate $L))
      (core func $f0 (canon lower (func $a "f"))))";
    for (int i = 1; i <= count; ++i) {
      text += "(core func $f" + std::to_string(i) +
              " (canon lower (func $a \"f\") (memory (core memory $l \"mem\")) (realloc $f" +
              std::to_string(i - 1) + ")))";
    }
    return text + R"((core module $N (import "" "f" (func (param i32 i32 i32 i32) (result i32))))
      (core instance (instantiate $N (with "" (instance (export "f" (func $f)" +
           std::to_string(count) + ")))))))";
  };
  CHECK(refusal({}, chain(100)) == std::nullopt);
  CHECK(refusal({}, chain(102)) == ErrorKind::Limit);
  CHECK(refusal({}, chain(100'000)) == ErrorKind::Limit);
}

TEST_CASE("instances that take much count as memory") {
  Config config;
  config.limits.memory_bytes = 1 << 20;
  const auto with = [](const std::string& items, int instances) {
    return "(component (core module $M " + items + ")" +
           times(instances, "(core instance (instantiate $M))") + ")";
  };
  const std::string global = "(global i64 (i64.const 0))";
  CHECK(refusal(config, with(times(1000, global), 500)) == std::nullopt);
  CHECK(refusal(config, with(times(20'000, global), 4)) == std::nullopt);
  CHECK(refusal(config, with(times(20'000, global), 8)) == ErrorKind::Limit);
  CHECK(refusal(config, with(times(40'000, "(tag)"), 2)) == ErrorKind::Limit);
  CHECK(refusal(config, with("(elem funcref " + times(70'000, "(ref.null func)") + ")", 3)) ==
        ErrorKind::Limit);
  CHECK(refusal(config, with("(type $t (func))" + times(20'000, "(func (type $t))"), 2)) == ErrorKind::Limit);
}

TEST_CASE("a component's instances are not made behind the deadline") {
  Config config;
  config.interruption = true;
  const Engine engine = Engine::create(config).value();
  Store store = Store::create(engine).value();
  const wherry::Component component =
      wherry::Component::load_text(engine, "(component (core module $M) (core instance (instantiate $M)))")
          .value();
  const ComponentPre pre = ComponentLinker(engine).prelink(component).value();
  CHECK(pre.instantiate(store).ok());
  REQUIRE(store.set_deadline(std::chrono::milliseconds(0)));
  CHECK(pre.instantiate(store).error().trap_code() == TrapCode::DeadlineExceeded);
}

TEST_CASE("types that double with every line end in an error within 64 MiB") {
  for (const std::string& text :
       {doubling("(tuple u64 u64)", "tuple", "", 60), doubling("(list u8)", "tuple", "", 90)}) {
    const std::vector<uint8_t> bytes = binary(text);
    CHECK(within_64_mib([&] {
      const std::string found = outcome(base::ByteSpan(bytes));
      return found == "ok" || found.find("size") != std::string::npos ||
             found.find("parts") != std::string::npos;
    }));
  }
}

TEST_CASE("a thousand components inside one another are one answer, and more another") {
  const std::vector<uint8_t> most = nested(1000);
  const std::vector<uint8_t> more = nested(3000);
  const std::vector<uint8_t> far_more = nested(20'000);
  CHECK(outcome(base::ByteSpan(nested(3))) == "ok");
  CHECK(within_64_mib(
      [&] { return outcome(base::ByteSpan(most)).find("out of memory") == std::string::npos; }));
  CHECK(within_64_mib([&] { return outcome(base::ByteSpan(more)).find("nest") != std::string::npos; }));
  CHECK(within_64_mib([&] { return outcome(base::ByteSpan(far_more)).find("nest") != std::string::npos; }));
  const Engine engine = Engine::create().value();
  const Result<wherry::Component> loaded = wherry::Component::load(engine, most);
  if (!loaded) CHECK(loaded.error().kind() == ErrorKind::Limit);
}

TEST_CASE("ten components end anywhere, and each time in an error within 64 MiB") {
  const auto read = [](const char* name) {
    std::ifstream file(std::string(WHERRY_COMPONENT_TESTDATA "/") + name);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  };
  std::string types = "(component";
  for (const char* const type :
       {"(record (field \"a\" u8) (field \"b\" string))", "(variant (case \"x\") (case \"y\" u64))",
        "(list char)", "(flags \"r\" \"w\")", "(enum \"p\" \"q\")", "(result string (error u8))",
        "(option (tuple f32 f64))"}) {
    types += std::string("(type ") + type + ")";
  }
  const std::string texts[] = {
      read("everything.wat"),
      read("futures.wat"),
      types + ")",
      "(component)",
      "(component (component (component (type (func (param \"a\" u8) (result u32))))) (component))",
      R"((component (import "a:b/c@1.0.0" (instance (export "r" (type (sub resource))) (export "f" (func))))))",
      R"((component (core module $M (memory (export "mem") 1) (func (export "f") (result i32) (i32.const 5)))
        (core instance $m (instantiate $M)) (func (export "f") (result string) (canon lift (core func $m "f") (memory (core memory $m "mem"))))))",
      R"((component (type $R (resource (rep i32))) (core func $n (canon resource.new $R)) (core func $d (canon resource.drop $R))
        (core func $r (canon resource.rep $R)) (export "r" (type $R))))",
      R"((component (import "f" (func $f (param "s" string))) (core module $L (memory (export "mem") 1)) (core instance $l (instantiate $L))
        (core func $g (canon lower (func $f) (memory (core memory $l "mem")) string-encoding=utf16))
        (core module $M (import "" "g" (func (param i32 i32)))) (core instance (instantiate $M (with "" (instance (export "g" (func $g))))))))",
      R"((component (component $A (import "x" (func $x)) (export "y" (func $x))) (import "z" (func $z))
        (instance $a (instantiate $A (with "x" (func $z)))) (alias export $a "y" (func $y)) (export "w" (func $y))))",
  };
  size_t refused = 0;
  for (const std::string& text : texts) {
    const std::vector<uint8_t> bytes = binary(text);
    INFO(text);
    CHECK(outcome(base::ByteSpan(bytes)) == "ok");
    CHECK(within_64_mib([&] {
      for (size_t size = 0; size < bytes.size(); ++size) {
        // Of its own size, so that a sanitizer sees what is read behind the end.
        const std::vector<uint8_t> cut(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
        const std::string found = outcome(base::ByteSpan(cut));
        if (found.empty() || found.find("out of memory") != std::string::npos) return false;
      }
      return true;
    }));
    refused += bytes.size();
  }
  CHECK(refused > 1000);
}

}  // namespace wherry::component
