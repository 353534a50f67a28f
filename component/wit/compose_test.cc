// What is made of components: WIT in binary form is read as the same WIT, compositions are valid and have the imports and
// exports that they should (testdata/compose.txt), worlds fit or do not.
#include "component/compose.h"

#include <catch2/catch.hpp>
#include <deque>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "component/decode.h"
#include "component/text.h"
#include "component/wit/decode.h"
#include "component/wit/encode.h"
#include "component/wit/print.h"
#include "component/wit/resolve.h"
#include "engine/base/test_file.h"
#include "engine/text/string_sink.h"
#include "engine/wasm/errors.h"

namespace {

using namespace wherry;
using namespace wherry::component;
namespace fs = std::filesystem;

fs::path folder() { return WHERRY_COMPONENT_TESTDATA; }

// Everything that is made keeps what it was made of.
class World {
 public:
  const ValidComponent* add(base::Vector<uint8_t> bytes, std::string* why) {
    bytes_.push_back(std::move(bytes));
    auto decoded = component::decode(bytes_.back().span(), Features::all());
    if (!decoded) {
      *why = wasm::describe(decoded.error());
      return nullptr;
    }
    auto valid = component::validate(std::move(*decoded), registry_);
    if (!valid) {
      *why = wasm::describe(valid.error());
      return nullptr;
    }
    components_.push_back(std::move(*valid));
    return &components_.back();
  }
  const ValidComponent* add_text(std::string_view text) {
    auto binary = parse_component(base::as_bytes(text));
    REQUIRE(binary);
    std::string why;
    const ValidComponent* const made = add(std::move(binary->binary), &why);
    CHECK(why == "");
    REQUIRE(made != nullptr);
    return made;
  }
  base::ByteSpan bytes() const { return bytes_.back().span(); }

 private:
  wasm::TypeRegistry registry_;
  std::deque<base::Vector<uint8_t>> bytes_;
  std::deque<ValidComponent> components_;
};

std::string print(wit::Model& model) {
  text::StringSink sink;
  REQUIRE(wit::print(model, {.docs = true, .dependencies = false}, sink));
  return sink.text;
}

}  // namespace

TEST_CASE("a package in binary form is the same package") {
  for (const char* const name : {"everything", "worlds", "gates_open", "nested_only"}) {
    INFO(name);
    const std::string text = base::read_file(folder() / "wit" / (std::string(name) + ".wit"));
    wit::Source source;
    REQUIRE(source.bytes.append(base::as_bytes(std::string_view(text).substr(0, text.find("-----\n")))));
    auto model = wit::resolve({&source, 1}, {.all = true, .features = {}});
    REQUIRE(model);
    bool ok = false;
    World world;
    std::string why;
    const ValidComponent* const binary = world.add(wit::encode_package(*model, &ok), &why);
    CHECK(ok);
    CHECK(why == "");
    if (binary == nullptr) continue;
    CHECK(wit::is_package(*binary));
    auto again = wit::decode(*binary);
    REQUIRE(again);
    CHECK(print(*again) == print(*model));
  }
}

// `--- name`, then `== ` before each component's text; `=>` and the WIT of the composition, or an error.
TEST_CASE("components are composed") {
  std::istringstream lines(base::read_file(folder() / "compose.txt"));
  std::string out, name, expected;
  std::vector<std::string> texts;
  bool in_expected = false;
  const auto check = [&] {
    if (name.empty()) return;
    INFO(name);
    World world;
    std::vector<ComposePart> parts;
    for (const std::string& text : texts) {
      const ValidComponent* const made = world.add_text(text);
      parts.push_back({std::string(1, static_cast<char>('a' + parts.size())), made, world.bytes()});
    }
    auto made = compose(parts);
    std::string found;
    if (!made) {
      found = wasm::describe(made.error()) + "\n";
    } else {
      std::string why;
      const ValidComponent* const valid = world.add(std::move(*made), &why);
      if (valid == nullptr) {
        found = "invalid: " + why.substr(0, why.find(" at offset")) + "\n";
      } else {
        auto model = wit::decode(*valid);
        REQUIRE(model);
        found = print(*model);
      }
    }
    if (std::getenv("BLESS") == nullptr) CHECK(found == expected);
    out += "--- " + name + "\n";
    for (const std::string& text : texts) out += "==\n" + text;
    out += "=>\n" + found;
  };
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("--- ")) {
      check();
      name = line.substr(4);
      texts.clear();
      expected.clear();
      in_expected = false;
    } else if (line == "==") {
      texts.emplace_back();
    } else if (line == "=>") {
      in_expected = true;
    } else {
      (in_expected ? expected : texts.back()) += line + "\n";
    }
  }
  check();
  if (std::getenv("BLESS") != nullptr) std::ofstream(folder() / "compose.txt") << out;
}

TEST_CASE("names of imports and exports are compatible as semver says") {
  CHECK(is_compatible_name("f", "f"));
  CHECK(is_compatible_name("a:b/c@1.0.0", "a:b/c@1.2.3"));
  CHECK(is_compatible_name("a:b/c@0.2.0", "a:b/c@0.2.12"));
  CHECK(!is_compatible_name("a:b/c@1.2.0", "a:b/c@1.1.9"));
  CHECK(!is_compatible_name("a:b/c@1.0.0", "a:b/c@2.0.0"));
  CHECK(!is_compatible_name("a:b/c@0.2.0", "a:b/c@0.3.0"));
  CHECK(!is_compatible_name("a:b/c@0.0.1", "a:b/c@0.0.2"));
  CHECK(!is_compatible_name("a:b/c@1.0.0-rc.1", "a:b/c@1.0.0"));
  CHECK(!is_compatible_name("a:b/c@1.0.0", "a:b/c@1.0.1-rc"));
  CHECK(!is_compatible_name("a:b/c@1.0.0", "a:b/d@1.0.0"));
  CHECK(!is_compatible_name("a:b/c", "a:b/c@1.0.0"));
}

TEST_CASE("a component fits a world that asks for no more and gives no less") {
  const std::string_view text =
      "package q:r;\n"
      "world same { import log: func(x: u32); export run: func() -> u32; }\n"
      "world more-imports { import log: func(x: u32); import other: func(); export run: func() -> u32; }\n"
      "world no-import { export run: func() -> u32; }\n"
      "world more-exports { include same; export other: func(); }\n"
      "world other-type { import log: func(x: u32); export run: func() -> u64; }\n";
  wit::Source source;
  REQUIRE(source.bytes.append(base::as_bytes(text)));
  auto model = wit::resolve({&source, 1});
  REQUIRE(model);
  World world;
  world.add_text(R"((component
    (import "log" (func $log (param "x" u32)))
    (core module $m (func (export "run") (result i32) (i32.const 1)))
    (core instance $i (instantiate $m))
    (func (export "run") (result u32) (canon lift (core func $i "run")))))");
  const base::ByteSpan component = world.bytes();
  for (const auto& [name, fits] :
       {std::pair("same", true), std::pair("more-imports", true), std::pair("no-import", false),
        std::pair("more-exports", false), std::pair("other-type", false)}) {
    INFO(name);
    bool found = false;
    for (uint32_t i = 0; i < model->worlds.size(); ++i) {
      if (model->worlds[i].name != name) continue;
      found = true;
      EncodeBuffer type;
      wit::encode_world(*model, wit::WorldId(i), &type);
      auto test = fitting_test(type.span(), component);
      REQUIRE(test);
      std::string why;
      World other;
      CHECK((other.add(std::move(*test), &why) != nullptr) == fits);
    }
    CHECK(found);
  }
}
