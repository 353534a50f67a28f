// What is made of modules and worlds: the cases of testdata/assemble.txt, and inputs that are cut off or damaged.
#include "component/assemble/assemble.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "component/decode.h"
#include "component/test_print.h"
#include "component/text.h"
#include "component/validate.h"
#include "component/wit/decode.h"
#include "component/wit/encode.h"
#include "component/wit/print.h"
#include "component/wit/resolve.h"
#include "engine/decode/decode.h"
#include "engine/text/parse.h"
#include "engine/text/string_sink.h"
#include "engine/wasm/errors.h"

namespace {

using namespace wherry;
using namespace wherry::component;
using Bytes = std::vector<uint8_t>;

std::string file_name() { return std::string(WHERRY_COMPONENT_TESTDATA) + "/assemble.txt"; }

Bytes copy(base::ByteSpan bytes) { return {bytes.begin(), bytes.end()}; }

// A module, and the worlds that are noted down in it.
struct Written {
  std::string title;  // "module", "adapter x"
  std::string text;
  std::vector<std::string> worlds;
  std::string encoding;
};

Bytes with_world(const Bytes& module, const std::string& text, const std::string& encoding) {
  wit::Source source;
  REQUIRE(source.bytes.append(base::as_bytes(text)));
  auto model = wit::resolve({&source, 1});
  INFO((model ? std::string() : model.error()));
  REQUIRE(model);
  const wit::WorldId world = (*model)[model->main].worlds[0];
  bool ok = false;
  const auto kind = encoding == "utf16" ? wit::StringEncoding::Utf16 : wit::StringEncoding::Utf8;
  const auto made = wit::embed(*model, world, kind, module, &ok);
  REQUIRE(ok);
  return copy(made.span());
}

Bytes binary_of(const Written& written) {
  auto parsed = text::parse_module(base::as_bytes(written.text), {});
  INFO(written.text);
  REQUIRE(parsed);
  Bytes bytes = copy(parsed->binary.span());
  for (const std::string& world : written.worlds) bytes = with_world(bytes, world, written.encoding);
  return bytes;
}

struct Made {
  Bytes bytes;
  std::string error;
};

Made make(const std::vector<Written>& parts, const std::vector<Bytes>& binaries, bool grow = false) {
  std::vector<assemble::Adapter> adapters;
  for (size_t i = 1; i < parts.size(); ++i) {
    adapters.push_back({std::string_view(parts[i].title).substr(sizeof "adapter"), binaries[i]});
  }
  auto made =
      assemble::make_component({.module = binaries[0], .adapters = adapters, .grow_for_adapters = grow});
  if (!made) return {{}, made.error()};
  return {copy(made->span()), {}};
}

// The text of a component, or its WIT; or why it is not valid.
std::string show(const Bytes& bytes, bool as_wit) {
  wasm::TypeRegistry registry;
  auto decoded = component::decode(bytes, Features::all());
  if (!decoded) return "malformed: " + wasm::describe(decoded.error()) + "\n";
  auto valid = component::validate(std::move(*decoded), registry);
  if (!valid) return "invalid: " + wasm::describe(valid.error()) + "\n";
  if (!as_wit) return print_whole(valid->component()).value();
  text::StringSink sink;
  auto model = wit::decode(*valid);
  REQUIRE(model);
  REQUIRE(wit::print(*model, {}, sink));
  return sink.text;
}

// `--- name`; then parts (`== module`, `== adapter x`), each with the worlds in it behind `-- world` (`-- world utf16`);
// `=> text` or `=> wit` (`=> wit grow`) and what comes of it.
class Cases {
 public:
  void run() {
    std::ifstream file(file_name());
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("--- ")) {
        finish();
        name_ = line.substr(4);
      } else if (line.starts_with("== ")) {
        parts_.push_back({line.substr(3), {}, {}, {}});
        into_ = &parts_.back().text;
      } else if (line.starts_with("-- world")) {
        if (line.size() > 9) parts_.back().encoding = line.substr(9);
        parts_.back().worlds.emplace_back();
        into_ = &parts_.back().worlds.back();
      } else if (line.starts_with("=> ")) {
        how_ = line.substr(3);
        into_ = &expected_;
      } else {
        *into_ += line + "\n";
      }
    }
    finish();
    if (std::getenv("BLESS") != nullptr) std::ofstream(file_name()) << out_;
    CHECK(count_ > 10);
  }

 private:
  void finish() {
    if (name_.empty()) return;
    INFO(name_);
    ++count_;
    std::vector<Bytes> binaries;
    for (const Written& part : parts_) binaries.push_back(binary_of(part));
    const Made made = make(parts_, binaries, how_.ends_with("grow"));
    const std::string found =
        made.error.empty() ? show(made.bytes, how_.starts_with("wit")) : "error: " + made.error + "\n";
    if (std::getenv("BLESS") == nullptr) CHECK(found == expected_);
    write(found);
    parts_.clear();
    expected_.clear();
  }

  void write(const std::string& found) {
    out_ += "--- " + name_ + "\n";
    for (const Written& part : parts_) {
      out_ += "== " + part.title + "\n" + part.text;
      for (const std::string& world : part.worlds) {
        out_ += "-- world" + (part.encoding.empty() ? "" : " " + part.encoding) + "\n" + world;
      }
    }
    out_ += "=> " + how_ + "\n" + found;
  }

  std::string name_, how_, expected_, out_;
  std::vector<Written> parts_;
  std::string* into_ = &expected_;
  int count_ = 0;
};

const char* const kWorld =
    "package a:b; interface i { resource r { constructor(s: string); get: func() -> list<u8>; } }\n"
    "world w { import i; import log: func(s: string); export i; export run: func(x: u32) -> string; }\n";
const char* const kModule = R"((module
  (import "$root" "log" (func (param i32 i32)))
  (import "a:b/i" "[method]r.get" (func (param i32 i32)))
  (import "[export]a:b/i" "[resource-new]r" (func (param i32) (result i32)))
  (import "old" "put" (func (param i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 0)
  (func (export "a:b/i#[constructor]r") (param i32 i32) (result i32) i32.const 1)
  (func (export "a:b/i#[method]r.get") (param i32) (result i32) i32.const 8)
  (func (export "a:b/i#[dtor]r") (param i32))
  (func (export "run") (param i32) (result i32) i32.const 8)))";
const char* const kAdapter = R"((module
  (import "env" "memory" (memory 0))
  (import "__main_module__" "cabi_realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
  (import "x:y/z" "f" (func $f (param i32 i32)))
  (import "x:y/z" "g" (func $g (result i32)))
  (global $__stack_pointer (mut i32) (i32.const 0))
  (global $allocation_state (mut i32) (i32.const 0))
  (func $deep (param i32) (result i32)
    (if (result i32) (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1)))) (else (global.get $__stack_pointer))))
  (func (export "put") (param i32)
    (global.set $allocation_state (global.get $allocation_state))
    (call $f (call $deep (local.get 0)) (i32.const 2)))
  (func (export "get") (result i32) (call $g))))";
const char* const kAdapterWorld =
    "package x:y; interface z { f: func(s: string); g: func() -> u32; }\nworld w { import z; }\n";

std::vector<Written> sample() {
  return {{"module", kModule, {kWorld}, {}}, {"adapter old", kAdapter, {kAdapterWorld}, {}}};
}

}  // namespace

TEST_CASE("components are made of modules and worlds") { Cases().run(); }

// The order of everything is that of the inputs, so the same inputs give the same bytes.
TEST_CASE("the same module makes the same component") {
  const std::vector<Written> parts = sample();
  const std::vector<Bytes> binaries = {binary_of(parts[0]), binary_of(parts[1])};
  const Made made = make(parts, binaries);
  CHECK(made.error == "");
  CHECK(!made.bytes.empty());
  CHECK(made.bytes == make(parts, binaries).bytes);
}

TEST_CASE("a module or adapter that is cut off is an error") {
  const std::vector<Written> parts = sample();
  const std::vector<Bytes> whole = {binary_of(parts[0]), binary_of(parts[1])};
  for (size_t part = 0; part < whole.size(); ++part) {
    for (size_t size = 0; size < whole[part].size(); ++size) {
      std::vector<Bytes> cut = whole;
      cut[part].resize(size);
      const Made made = make(parts, cut);
      // What ends in front of its imports may be a module that asks for nothing.
      auto decoded = decode::decode(base::ByteSpan(cut[part]), {.features = wasm::Features::all()});
      const bool asks_nothing = decoded && decoded->imports.empty();
      CHECK((made.error != "" || asks_nothing));
    }
  }
}

// Whatever a byte becomes: an error, or a component whose validity is told from its bytes; never a crash.
TEST_CASE("a damaged module or adapter is an error or a component") {
  const std::vector<Written> parts = sample();
  const std::vector<Bytes> whole = {binary_of(parts[0]), binary_of(parts[1])};
  size_t errors = 0;
  for (size_t part = 0; part < whole.size(); ++part) {
    for (size_t at = 8; at < whole[part].size(); ++at) {
      for (const uint8_t value : {uint8_t{0x00}, uint8_t{0x7f}, uint8_t{0xff}}) {
        std::vector<Bytes> damaged = whole;
        damaged[part][at] = value;
        const Made made = make(parts, damaged);
        errors += made.error.empty() ? 0 : 1;
        if (made.error.empty()) (void)component::decode(made.bytes, Features::all());
      }
    }
  }
  CHECK(errors > 1000);
}

TEST_CASE("a section component-type that is cut off is an error") {
  auto parsed = text::parse_module(base::as_bytes(std::string_view(kModule)), {});
  REQUIRE(parsed);
  const Bytes module = copy(parsed->binary.span());
  const Bytes whole = with_world(module, kWorld, "utf8");
  // The section's name, 15 bytes with its length, stands behind its id and size.
  const Bytes section(whole.begin() + static_cast<ptrdiff_t>(module.size()), whole.end());
  size_t content = 1;
  while ((section[content++] & 0x80) != 0) {}
  for (size_t size = content + 15; size < section.size(); ++size) {
    EncodeBuffer out;
    out.append(module);
    out.u8(0x00);
    out.u64(size - content);
    out.append(base::ByteSpan(section).subspan(content, size - content));
    const Made made = make({{"module", {}, {}, {}}}, {copy(out.span())});
    CHECK(made.error != "");
  }
}
