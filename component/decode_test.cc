// The binary format where text cannot reach it: broken frames, and inputs that try to cost more than they are long.
#include "component/decode.h"

#include <catch2/catch.hpp>
#include <vector>

#include "component/validate.h"
#include "engine/wasm/errors.h"

namespace {

using namespace wherry;
using namespace wherry::component;
using Bytes = std::vector<uint8_t>;

const Bytes kPreamble{0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00};

void append_leb(Bytes& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<uint8_t>(value | 0x80));
  out.push_back(static_cast<uint8_t>(value));
}

Bytes section(uint8_t id, const Bytes& content) {
  Bytes out{id};
  append_leb(out, content.size());
  out.insert(out.end(), content.begin(), content.end());
  return out;
}

Bytes component_of(const std::vector<Bytes>& sections) {
  Bytes out = kPreamble;
  for (const Bytes& one : sections) out.insert(out.end(), one.begin(), one.end());
  return out;
}

std::string check(const Bytes& bytes, const Features& features = {}) {
  wasm::TypeRegistry registry;
  auto decoded = component::decode(base::ByteSpan(bytes), features);
  if (!decoded) return wasm::describe(decoded.error());
  auto valid = component::validate(std::move(*decoded), registry);
  return valid ? "" : wasm::describe(valid.error());
}

TEST_CASE("a component begins with its preamble", "[component][decode]") {
  CHECK(check(kPreamble).empty());
  CHECK(is_component(kPreamble));
  CHECK(check({}) == "unexpected end at offset 0x0");
  const Bytes module{0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00};
  CHECK_FALSE(is_component(module));
  CHECK(check(module) == "this is a core module, not a component at offset 0x4");
}

TEST_CASE("offsets of errors count from the beginning of the file, also inside", "[component][decode]") {
  const Bytes inner = component_of({section(7, {0x01, 0x3e})});
  CHECK(check(component_of({section(4, inner)})) ==
        "malformed component type: found 0x3e, expected a type at offset 0x15");
}

TEST_CASE("every truncation is an error and nothing else", "[component][decode]") {
  // (type (component (import "a" (func (param "p" string))))) and an alias of it.
  const Bytes type{0x01, 0x41, 0x02, 0x01, 0x40, 0x01, 0x01, 'p', 0x73,
                   0x01, 0x00, 0x03, 0x00, 0x01, 'a',  0x01, 0x00};
  const Bytes whole = component_of({section(7, type), section(6, {0x01, 0x03, 0x02, 0x00, 0x00})});
  REQUIRE(check(whole).empty());
  const size_t boundary = 8 + 2 + type.size();
  for (size_t size = 0; size < whole.size(); ++size) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
    CHECK(check(cut).empty() == (size == 8 || size == boundary));
  }
}

TEST_CASE("types in types have a limit, and no stack is used up before it", "[component][decode]") {
  Bytes nested;
  append_leb(nested, 1);
  for (int i = 0; i < 100'000; ++i) nested.insert(nested.end(), {0x42, 0x01, 0x01});
  nested.insert(nested.end(), {0x42, 0x00});
  CHECK(check(component_of({section(7, nested)})).starts_with("nesting is too deep"));

  Bytes inner = kPreamble;
  for (int i = 0; i < 1'900; ++i) inner = component_of({section(4, inner)});
  const std::string deep = check(inner);
  CHECK((deep.empty() || deep.starts_with("types are too large")));
}

TEST_CASE("a type that doubles with every line is refused by its size", "[component][decode]") {
  Bytes types;
  append_leb(types, 60);
  types.push_back(0x7d);  // u8
  for (uint8_t i = 1; i < 60; ++i)
    types.insert(types.end(), {0x6f, 0x02, static_cast<uint8_t>(i - 1), static_cast<uint8_t>(i - 1)});
  const std::string error = check(component_of({section(7, types)}));
  CHECK(error.starts_with("types are too large: expected at most 1000000 parts when written out"));
}

TEST_CASE("a count larger than what is left is refused before anything is reserved", "[component][decode]") {
  CHECK(check(component_of({section(7, {0xff, 0xff, 0x3f})})).starts_with("too many items"));
  CHECK(check(component_of({section(7, {0x01, 0x72, 0xff, 0x40})})).starts_with("length out of bounds"));
}

TEST_CASE("codes that the format does not have", "[component][decode]") {
  CHECK(check(component_of({section(6, {0x01, 0x09, 0x00, 0x00, 0x00})})) ==
        "malformed sort: found 0x09, expected a sort at offset 0xb");
  CHECK(check(component_of({section(8, {0x01, 0x99})})) ==
        "malformed canonical definition: found 0x99, expected a canonical definition at offset 0xb");
  CHECK(check(component_of({section(10, {0x01, 0x07})})) ==
        "malformed component: found 0x07, expected the form of a name at offset 0xb");
}

TEST_CASE("what is gated is refused by the name of its switch", "[component][decode]") {
  const Bytes error_context = component_of({section(7, {0x01, 0x64})});
  CHECK(check(error_context).starts_with("feature is disabled: component-model-error-context"));
  CHECK(check(error_context, Features::all()).empty());
  const Bytes value = component_of({section(12, {0x01, 0x7d, 0x01, 0x2a})});
  CHECK(check(value).starts_with("feature is disabled: component-model-values"));
  CHECK(check(value, Features::all()).starts_with("values are used exactly once"));
}

}  // namespace
