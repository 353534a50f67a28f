// Components as text: what is refused and with which words (testdata/errors.txt), and that printing and parsing are each
// other's inverse (testdata/*.wat, which hold one of everything).
#include "component/text.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "component/decode.h"
#include "component/test_print.h"
#include "component/validate.h"
#include "engine/wasm/errors.h"

namespace {

using namespace wherry;
namespace fs = std::filesystem;

fs::path folder() { return WHERRY_COMPONENT_TESTDATA; }

struct Case {
  std::string name;
  std::string text;
  std::string message;
};

std::vector<std::string> lines_of(const fs::path& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

std::vector<Case> cases_of(const fs::path& path) {
  std::vector<Case> cases;
  for (const std::string& line : lines_of(path)) {
    if (line.starts_with("; ")) continue;
    if (line.starts_with("--- ")) {
      cases.push_back({line.substr(4), "", ""});
    } else if (line.starts_with("=> ")) {
      cases.back().message = line.substr(3);
    } else {
      cases.back().text += line + "\n";
    }
  }
  return cases;
}

base::Result<void> check(base::ByteSpan binary) {
  wasm::TypeRegistry registry;
  component::Component decoded = WHERRY_TRY(component::decode(binary, component::Features()));
  WHERRY_TRY(component::validate(std::move(decoded), registry));
  return {};
}

// "LINE:COLUMN: message" of the text's own mistake, "message" of what is invalid.
std::string message_of(const std::string& source) {
  const base::ByteSpan bytes = base::as_bytes(source);
  auto parsed = component::parse_component(bytes, {.positions = true});
  base::Error error{};
  if (!parsed) {
    error = parsed.error();
  } else {
    const base::Result<void> valid = check(parsed->binary);
    if (valid) return "none";
    error = valid.error();
    if (error.offset != base::Error::kNoOffset) error.offset = parsed->text_offset(error.offset);
  }
  std::string place;
  if (error.offset != base::Error::kNoOffset) {
    const text::LineColumn at = text::locate(bytes, error.offset);
    place = std::to_string(at.line) + ":" + std::to_string(at.column) + ": ";
  }
  error.offset = base::Error::kNoOffset;
  return place + wasm::describe(error);
}

std::string printed(base::ByteSpan binary) {
  auto decoded = component::decode(binary, component::Features::all());
  REQUIRE(decoded.has_value());
  return component::print_whole(*decoded).value();
}

TEST_CASE("what is refused says why and where", "[component][text]") {
  const fs::path path = folder() / "errors.txt";
  std::vector<Case> cases = cases_of(path);
  CHECK(cases.size() > 30);
  if (std::getenv("BLESS") != nullptr) {
    const std::string head = lines_of(path)[0];
    std::ofstream out(path);
    out << head << "\n";
    for (const Case& one : cases)
      out << "--- " << one.name << "\n" << one.text << "=> " << message_of(one.text) << "\n";
    cases = cases_of(path);
  }
  for (const Case& one : cases) {
    INFO(one.name);
    CHECK(message_of(one.text) == one.message);
  }
}

TEST_CASE("printing and parsing are each other's inverse", "[component][text]") {
  size_t count = 0;
  for (const auto& entry : fs::directory_iterator(folder())) {
    if (entry.path().extension() != ".wat") continue;
    ++count;
    INFO(entry.path().filename().string());
    std::ifstream file(entry.path());
    std::stringstream source;
    source << file.rdbuf();
    const std::string text = source.str();
    // Without names: the modules' are for another printer.
    auto first = component::parse_component(base::as_bytes(text), {.names = false});
    if (!first) FAIL(text::describe_text_error(base::as_bytes(text), first.error(), "text"));
    const base::Result<void> valid = check(first->binary);
    CHECK((valid ? "" : wasm::describe(valid.error())) == "");
    const std::string once = printed(first->binary);
    auto second = component::parse_component(base::as_bytes(once));
    if (!second) FAIL(text::describe_text_error(base::as_bytes(once), second.error(), "printed"));
    CHECK(printed(second->binary) == once);
    CHECK(std::vector<uint8_t>(first->binary.begin(), first->binary.end()) ==
          std::vector<uint8_t>(second->binary.begin(), second->binary.end()));
  }
  CHECK(count > 0);
}

TEST_CASE("identifiers come back from the section component-name", "[component][text]") {
  const std::string source =
      "(component $c (type $t u8) (component $d (type $t u8) (import \"a\" (func $f))))";
  auto parsed = component::parse_component(base::as_bytes(source));
  REQUIRE(parsed.has_value());
  const std::string text = printed(parsed->binary);
  CHECK(text ==
        "(component $c\n  (type $t (;0;) u8)\n  (component $d (;0;)\n    (type $t (;0;) u8)\n    (type (;1;) "
        "(func))\n"
        "    (import \"a\" (func $f (;0;) (type 1)))\n  )\n)\n");
}

// The alias was made and the export forgotten.
TEST_CASE("a type that is an alias is exported where it stands", "[component][text]") {
  auto parsed = component::parse_component(
      base::as_bytes("(component (import \"i\" (instance $i (export \"t\" (type (sub resource)))))"
                     " (type $u (export \"u\") (alias export $i \"t\")))"));
  REQUIRE(parsed.has_value());
  CHECK(printed(parsed->binary).find("(export (;2;) \"u\" (type 1))") != std::string::npos);
}

TEST_CASE("nesting in text has a limit", "[component][text]") {
  std::string types = "(component (type ";
  for (int i = 0; i < 100'000; ++i) types += "(list ";
  CHECK(message_of(types).find("nesting is too deep") != std::string::npos);
  std::string components;
  for (int i = 0; i < 100'000; ++i) components += "(component ";
  CHECK(message_of(components).find("nesting is too deep") != std::string::npos);
  std::string instances = "(component (import \"a\" (instance ";
  for (int i = 0; i < 100'000; ++i) instances += "(export \"a\" (instance ";
  CHECK(message_of(instances).find("nesting is too deep") != std::string::npos);
}

TEST_CASE("quoted and binary components", "[component][text]") {
  CHECK(message_of("(component quote \"(type u8)\" \"(type (list 0))\")") == "none");
  CHECK(message_of("(component binary \"\\00asm\\0d\\00\\01\\00\")") == "none");
  CHECK(message_of("(type u8)") == "none");
}

}  // namespace
