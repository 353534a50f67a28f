// The cases of testdata/*.txt: a module as text, and what comes of it.
//
//   --- what it shows
//   options: no-names
//   (module ...)
//   === binary
//   type 60 00 00
//
// or, for a module that is refused,
//
//   === error
//   3:7: unknown operator: 'i32.ad'
//
// The binary is written section by section, without size and count of bytes, behind the section's name. BLESS=1 in
// the environment rewrites what stands below the line of equal signs.
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "engine/base/byte_reader.h"
#include "engine/base/test_file.h"
#include "engine/text/parse.h"
#include "engine/wasm/errors.h"
#include "engine/wasm/sections.h"

namespace {

using namespace wherry;

struct Case {
  std::string head;  // The line "--- ...", and what stands before it in the file.
  std::string options;
  std::string input;
  std::string expected;
};

std::vector<Case> read_cases(const std::string& text) {
  std::vector<Case> cases;
  std::string before;
  bool in_expected = false;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = text.find('\n', begin);
    if (end == std::string::npos) end = text.size();
    const std::string line = text.substr(begin, end - begin) + "\n";
    begin = end + 1;
    if (line.starts_with("--- ")) {
      cases.push_back({before + line, {}, {}, {}});
      before.clear();
      in_expected = false;
    } else if (cases.empty()) {
      before += line;
    } else if (line.starts_with("options: ")) {
      cases.back().options = line;
    } else if (line.starts_with("=== ")) {
      in_expected = true;
      cases.back().expected = line;
    } else {
      (in_expected ? cases.back().expected : cases.back().input) += line;
    }
  }
  return cases;
}

std::string_view section_name(uint8_t id) {
  if (id == 0) return "custom";
  return id < wasm::kSectionIds ? wasm::kSections[id].keyword : "?";
}

void append_hex(base::ByteSpan bytes, std::string* out) {
  size_t column = 0;
  for (const uint8_t byte : bytes) {
    char hex[4];
    std::snprintf(hex, sizeof hex, " %02x", byte);
    if (column != 0 && column % 32 == 0) *out += "\n    ";
    ++column;
    *out += hex;
  }
  *out += "\n";
}

std::string dump(base::ByteSpan binary) {
  std::string out = "=== binary\n";
  base::ByteReader reader(binary);
  const base::ByteSpan header = reader.take(8);
  if (header.size() != 8 || header[1] != 'a' || header[4] != 1) out += "bad header\n";
  while (!reader.at_end() && reader.ok()) {
    const uint8_t id = reader.u8();
    base::ByteReader content(reader.take(reader.u32()));
    out += section_name(id);
    if (id == 0) out += " \"" + std::string(base::as_text(content.take(content.u32()))) + "\"";
    append_hex(content.take(content.remaining()), &out);
  }
  return out + "\n";
}

std::string run(const Case& at) {
  text::ParseOptions options;
  options.names = at.options.find("no-names") == std::string::npos;
  options.features.set(wasm::Feature::Memory64, at.options.find("no-memory64") == std::string::npos);
  const base::Result<text::TextModule> module = text::parse_module(base::as_bytes(at.input), options);
  if (module) return dump(module->binary);
  const std::string message = text::describe_text_error(base::as_bytes(at.input), module.error(), "");
  return "=== error\n" + message.substr(1) + "\n\n";
}

void check_file(const char* name) {
  const std::string path = std::string(WHERRY_TEXT_TESTDATA) + "/" + name;
  std::vector<Case> cases = read_cases(base::read_file(path));
  CHECK(!cases.empty());
  const bool blesses = std::getenv("BLESS") != nullptr;
  std::string blessed;
  for (const Case& at : cases) {
    const std::string found = run(at);
    blessed += at.head + at.options + at.input + found;
    if (blesses) continue;
    INFO(name << ": " << at.head);
    // The last case of a file may lack the empty line.
    std::string expected = at.expected;
    while (expected.ends_with("\n\n\n")) expected.pop_back();
    CHECK(found == expected);
  }
  if (blesses) base::write_file(path, blessed);
}

}  // namespace

TEST_CASE("text fields become sections") { check_file("fields.txt"); }
TEST_CASE("text instructions become bytes") { check_file("instructions.txt"); }
TEST_CASE("text types become bytes") { check_file("types.txt"); }
TEST_CASE("identifiers and annotations become custom sections") { check_file("names.txt"); }
TEST_CASE("malformed text is refused with its place") { check_file("malformed.txt"); }
