// Printing against golden files: each testdata/*.wat is a module as text, and behind a line `;; ---- printed` what its binary
// prints as (and the error, if there is one). BLESS=1 rewrites them. What is printed must also be a fixed point.
#include <dirent.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>
#include <vector>

#include "engine/base/test_file.h"
#include "engine/inspect/binary.h"
#include "engine/inspect/objdump.h"
#include "engine/inspect/text.h"
#include "engine/text/string_sink.h"

using namespace wherry;

namespace {

constexpr std::string_view kSeparator = "\n;; ---- printed\n";

std::vector<std::string> golden_files() {
  std::vector<std::string> names;
  if (DIR* folder = opendir("testdata")) {
    while (const dirent* entry = readdir(folder)) {
      const std::string name = entry->d_name;
      if (name.ends_with(".wat")) names.push_back("testdata/" + name);
    }
    closedir(folder);
  }
  std::sort(names.begin(), names.end());
  return names;
}

base::Vector<uint8_t> parse(std::string_view text) {
  base::Result<text::TextModule> parsed = text::parse_module(base::as_bytes(text));
  if (!parsed) {
    FAIL_CHECK(text::describe_text_error(base::as_bytes(text), parsed.error(), "text"));
    return {};
  }
  return std::move(parsed->binary);
}

std::string print(base::ByteSpan binary, const inspect::PrintChoice& choice = {}) {
  text::StringSink sink;
  const base::Result<void> printed = inspect::print(binary, choice, sink);
  if (!printed) sink.text += "error: " + wasm::describe(printed.error()) + "\n";
  return sink.text;
}

std::string_view as_text(const base::Vector<uint8_t>& bytes) {
  return base::as_text({bytes.data(), bytes.size()});
}

}  // namespace

TEST_CASE("golden files") {
  const std::vector<std::string> files = golden_files();
  CHECK(files.size() >= 11);
  for (const std::string& path : files) {
    INFO(path);
    const std::string file = base::read_file(path);
    const size_t separator = file.find(kSeparator);
    const std::string source = file.substr(0, separator);
    const base::Vector<uint8_t> binary = parse(source);
    const std::string printed = print(binary);
    const std::string whole =
        source +
        (separator == std::string::npos && source.ends_with('\n') ? std::string(kSeparator.substr(1))
                                                                  : std::string(kSeparator)) +
        printed;
    if (std::getenv("BLESS") != nullptr) base::write_file(path, whole);
    CHECK(whole == (std::getenv("BLESS") != nullptr ? whole : file));
    if (printed.find("error: ") != std::string::npos) continue;
    const base::Vector<uint8_t> again = parse(printed);
    CHECK(print(again) == printed);
    CHECK(as_text(parse(print(again))) == as_text(again));
  }
}

TEST_CASE("deep nesting is neither deep recursion nor deep indentation") {
  constexpr size_t kDepth = 200'000;
  std::string text = "(module (func ";
  for (size_t i = 0; i < kDepth; ++i) text += "block ";
  for (size_t i = 0; i < kDepth; ++i) text += "end ";
  text += "))";
  const base::Vector<uint8_t> binary = parse(text);
  const std::string printed = print(binary);
  CHECK(printed.size() < 150 * kDepth);
  CHECK(as_text(parse(printed)) == as_text(binary));
}

TEST_CASE("run-length locals do not become an endless text in memory") {
  // 1,000 functions of 50,000 locals each.
  std::string bytes("\0asm\1\0\0\0\1\4\1\x60\0\0\3\xea\7\xe8\7", 19);
  bytes += std::string(1000, '\0');
  const std::string body("\6\1\xd0\x86\3\x7f\x0b", 7);
  bytes += std::string("\x0a\xda\x36\xe8\7", 5);
  for (int i = 0; i < 1000; ++i) bytes += body;
  base::Vector<uint8_t> binary;
  CHECK(binary.append(base::as_bytes(bytes)));
  CHECK(inspect::validate(binary, wasm::Features::all()).has_value());
  class Counter final : public text::TextSink {
   public:
    bool write(std::string_view piece) override { return (size += piece.size()) < 10'000'000; }
    uint64_t size = 0;
  } counter;
  const base::Result<void> printed = inspect::print(binary, {}, counter);
  CHECK(!printed.has_value());
  CHECK(counter.size < 10'100'000);
}

TEST_CASE("skeleton and offsets") {
  const base::Vector<uint8_t> binary =
      parse("(module (func (param i32) local.get 0 drop) (memory 1) (data (i32.const 1) \"abc\"))");
  CHECK(print(binary, {.skeleton = true}) ==
        "(module\n  (type (;0;) (func (param i32)))\n  (memory (;0;) 1)\n  (func (;0;) (type 0) (param i32) "
        "...)\n"
        "  (data (;0;) (i32.const 1) ...)\n)\n");
  CHECK(print(binary, {.offsets = true}).find("\n(;@0000001d;)     local.get 0") != std::string::npos);
}

TEST_CASE("without names, the name section is a custom section like others") {
  const base::Vector<uint8_t> binary = parse("(module (func $f))");
  const std::string printed = print(binary, {.names = false});
  CHECK(printed.find("$f") == std::string::npos);
  CHECK(printed.find("(@custom \"name\" (after code) \"\\01\\04\\01\\00\\01f\")") != std::string::npos);
  CHECK(as_text(parse(printed)) == as_text(binary));
}

TEST_CASE("objdump lists sections, items and bodies") {
  const base::Vector<uint8_t> binary = parse(
      "(module (import \"m\" \"g\" (global i32)) (memory 1) (table 1 funcref)"
      " (func $f (export \"run\") (param i32) (result i32) (if (result i32) (local.get 0) (then (i32.const "
      "1)) (else (i32.const 2))))"
      " (elem (i32.const 0) $f) (data (i32.const 8) \"abc\"))");
  text::StringSink sink;
  CHECK(inspect::objdump("x.wasm", binary, {.funcs = true}, sink).has_value());
  const std::string& text = sink.text;
  CHECK(text.starts_with("x.wasm: WebAssembly module, "));
  for (const char* line :
       {"custom \"name\"", "type[0] func (param i32) (result i32)", "global[0] i32 from \"m\" \"g\"",
        "func[0] $f (param i32) (result i32), 12 bytes", "| if (result i32)", "|   i32.const 1", "| else",
        "| end", "func[0] $f as \"run\"", "elem[0] active table[0] (i32.const 0) (ref func), 1 items",
        "data[0] active memory[0] (i32.const 8), 3 bytes"}) {
    INFO(line);
    CHECK(text.find(line) != std::string::npos);
  }
}
