// What a list of cases cannot show: places in the binary, deep nesting, and texts that grow.
#include "engine/text/parse.h"

#include <catch2/catch.hpp>
#include <string>

#include "engine/wasm/errors.h"

using namespace wherry;

namespace {

std::string repeat(std::string_view piece, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += piece;
  return text;
}

base::Result<text::TextModule> parse(const std::string& source, bool positions = false) {
  text::ParseOptions options;
  options.positions = positions;
  return text::parse_module(base::as_bytes(source), options);
}

std::string error_of(const std::string& source) {
  const auto module = parse(source);
  return module ? "none" : std::string(wasm::error_name(module.error().code));
}

}  // namespace

TEST_CASE("offsets of the binary lead back to the text") {
  const std::string source =
      "(module (func (result i32)\n  (i32.add (i32.const 1) (i32.const 2)))\n  (global i32 (i32.const 7)))";
  const auto module = parse(source, true);
  CHECK(module.has_value());
  if (!module) return;
  const auto place_of = [&](std::string_view bytes) {
    const auto at = base::as_text(module->binary.span()).find(bytes);
    CHECK(at != std::string_view::npos);
    return source.substr(module->text_offset(at), 11);
  };
  CHECK(place_of(std::string_view("\x41\x01", 2)) == "i32.const 1");
  CHECK(place_of(std::string_view("\x41\x02", 2)) == "i32.const 2");
  CHECK(place_of("\x6a") == "i32.add (i3");
  CHECK(place_of(std::string_view("\x7f\x00\x41\x07", 4)) == "(global i32");
  CHECK(module->text_offset(0) == base::Error::kNoOffset);
}

TEST_CASE("nesting is bounded by the text alone") {
  constexpr size_t kDepth = 200'000;
  CHECK(error_of("(func " + repeat("(block ", kDepth) + repeat(")", kDepth) + ")") == "none");
  CHECK(error_of("(func " + repeat("(i32.eqz ", kDepth) + "(i32.const 1)" + repeat(")", kDepth) + ")") ==
        "none");
  CHECK(error_of("(func " + repeat("(if (then ", kDepth) + repeat("))", kDepth) + ")") == "none");
  CHECK(error_of("(func " + repeat("block $a ", kDepth) + "br $a " + repeat("end $a ", kDepth) + ")") ==
        "none");
  CHECK(error_of(repeat("(; ", kDepth) + repeat(";)", kDepth) + "(module)") == "none");
  CHECK(error_of("(@a " + repeat("(", kDepth) + repeat(")", kDepth) + ")(module)") == "none");
  CHECK(error_of(repeat("(", kDepth)) == "UnexpectedToken");
  CHECK(error_of("(func " + repeat("(block ", kDepth)) == "UnexpectedToken");
}

TEST_CASE("the binary is no larger than a small multiple of the text") {
  for (const std::string& source :
       {repeat("(func)", 20'000), repeat("(func(block(param i32)))", 5'000), repeat("(memory(data))", 5'000),
        "(func" + repeat("(local $x", 1) + " i32))", repeat("(table funcref(elem))", 5'000)}) {
    const auto module = parse(source);
    CHECK(module.has_value());
    if (module) CHECK(module->binary.size() < 3 * source.size() + 100);
  }
}

TEST_CASE("lines and columns are counted in characters") {
  const std::string source = "a\r\nb\n\nöö x\rlast";
  CHECK(text::locate(base::as_bytes(source), 0).line == 1);
  CHECK(text::locate(base::as_bytes(source), 3).line == 2);
  const text::LineColumn x = text::locate(base::as_bytes(source), source.find('x'));
  CHECK(x.line == 4);
  CHECK(x.column == 4);
  CHECK(x.text == "öö x");
  CHECK(text::locate(base::as_bytes(source), 1000).line == 5);
  CHECK(text::locate(base::as_bytes(source), 1000).column == 5);
}

TEST_CASE("every length of a cut text is an error or a module") {
  const std::string source =
      "(module $m (@custom \"a\" \"b\") (type $t (func (param i32))) (import \"m\" \"f\" (func $f (type "
      "$t)))\n"
      " (func $\"g h\" (export \"\\u{e9}\") (call $f (i32.const 0x1_0)) (; c ;) (if $l (i32.const 1) (then "
      "br $l)))"
      " (memory 1 2) (data (i32.const 0) \"\\00\\n\") (elem func $f))";
  for (size_t size_bytes = 0; size_bytes < source.size(); ++size_bytes) {
    const std::string cut = source.substr(0, size_bytes);
    const auto module = parse(cut);
    if (module) continue;
    CHECK(module.error().offset <= cut.size());
    CHECK_FALSE(text::describe_text_error(base::as_bytes(cut), module.error(), "cut.wat").empty());
  }
  CHECK(error_of(source) == "none");
}
