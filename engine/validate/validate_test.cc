// Whole modules: what type_module() collects, that threads do not change the answer, and that large or deep bodies
// cost time and memory in proportion.
#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/decode/decode.h"
#include "engine/text/parse.h"
#include "engine/validate/typed_module.h"
#include "engine/wasm/errors.h"
#include "engine/wasm/type_registry.h"

namespace {

using namespace wherry;
using Bytes = std::vector<uint8_t>;

void append(Bytes* to, const Bytes& bytes) { to->insert(to->end(), bytes.begin(), bytes.end()); }

void leb(Bytes* to, uint64_t value) {
  for (; value >= 0x80; value >>= 7) to->push_back(static_cast<uint8_t>(value | 0x80));
  to->push_back(static_cast<uint8_t>(value));
}

// A module of functions without parameters and results; each body is code with its `end`, without locals.
Bytes module_of(const std::vector<Bytes>& bodies) {
  Bytes module = {0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0};
  const auto section = [&](uint8_t id, const Bytes& content) {
    module.push_back(id);
    leb(&module, content.size());
    append(&module, content);
  };
  Bytes funcs;
  leb(&funcs, bodies.size());
  funcs.insert(funcs.end(), bodies.size(), 0);
  section(3, funcs);
  Bytes code;
  leb(&code, bodies.size());
  for (const Bytes& body : bodies) {
    leb(&code, body.size() + 1);
    code.push_back(0);
    append(&code, body);
  }
  section(10, code);
  return module;
}

base::Result<void> check(const Bytes& bytes, uint32_t threads, wasm::Features features = {}) {
  wasm::TypeRegistry registry;
  wasm::Module module = WHERRY_TRY(decode::decode(base::ByteSpan(bytes), {features}));
  validate::TypedModule typed = WHERRY_TRY(validate::type_module(std::move(module), registry));
  WHERRY_TRY(validate::validate(std::move(typed), threads));
  return {};
}

std::string outcome(const Bytes& bytes, uint32_t threads = 1) {
  const auto result = check(bytes, threads);
  return result ? "valid" : wasm::describe(result.error());
}

std::string text_outcome(const std::string& source, wasm::Features features = {}) {
  const auto text = text::parse_module(base::as_bytes(source));
  if (!text) return "text: " + wasm::describe(text.error());
  const auto result = check(Bytes(text->binary.begin(), text->binary.end()), 1, features);
  return result ? "valid" : std::string(wasm::error_name(result.error().code));
}

}  // namespace

TEST_CASE("any number of threads gives the same answer") {
  Bytes nops(3000, 0x01);
  nops.push_back(0x0b);
  std::vector<Bytes> bodies(2000, nops);
  CHECK(outcome(module_of(bodies), 1) == "valid");
  CHECK(outcome(module_of(bodies), 4) == "valid");
  for (const size_t bad : {5u, 700u, 701u, 1999u}) bodies[bad] = {0x45, 0x1a, 0x0b};  // i32.eqz drop
  bodies[701] = {0x05, 0x0b};
  const Bytes module = module_of(bodies);
  const std::string serial = outcome(module, 0);
  CHECK(serial.starts_with("type mismatch: i32.eqz needs 1 operand, found 0 at offset 0x"));
  for (uint32_t threads = 1; threads < 9; ++threads) CHECK(outcome(module, threads) == serial);
}

TEST_CASE("millions of nested blocks need no native stack") {
  Bytes body;
  constexpr size_t kDepth = 2'500'000;
  for (size_t i = 0; i < kDepth; ++i) append(&body, {0x02, 0x40});
  body.insert(body.end(), kDepth + 1, 0x0b);
  CHECK(outcome(module_of({body})) == "valid");
  body.pop_back();
  CHECK(outcome(module_of({body})).starts_with("END opcode expected: found the end of the body"));
}

TEST_CASE("a br_table with millions of labels is walked once") {
  Bytes body;
  for (size_t i = 0; i < 127; ++i) append(&body, {0x02, 0x40});
  append(&body, {0x41, 0x00, 0x0e});
  constexpr size_t kLabels = 7'000'000;
  leb(&body, kLabels);
  for (size_t i = 0; i <= kLabels; ++i) body.push_back(static_cast<uint8_t>(i % 127));
  body.insert(body.end(), 128, 0x0b);
  CHECK(outcome(module_of({body})) == "valid");
}

TEST_CASE("declared are functions named outside of bodies") {
  const char* source = R"((module
      (func $exported (export "e")) (func $listed) (func $global) (func $item) (func $nowhere) (func $body)
      (table 1 funcref) (global funcref (ref.func $global))
      (elem declare func $listed) (elem (i32.const 0) funcref (item ref.func $item))
      (func (drop (ref.func $exported)))))";
  const auto text = text::parse_module(base::as_bytes(source));
  REQUIRE(text);
  wasm::TypeRegistry registry;
  auto module = decode::decode(text->binary.span(), {});
  REQUIRE(module);
  auto typed = validate::type_module(std::move(*module), registry);
  REQUIRE(typed);
  const bool expected[] = {true, true, true, true, false, false, false};
  for (uint32_t i = 0; i < 7; ++i) CHECK(typed->is_declared(wasm::FuncIndex(i)) == expected[i]);
  CHECK(typed->global_types[0] == wasm::kFuncRef);
  CHECK(typed->table_types[0] == wasm::kFuncRef);
  CHECK(typed->element_types.size() == 2);
}

TEST_CASE("what a compiler knows of a module is taken as it is") {
  const char* source = R"((module
      (func (export "e")) (func) (memory 1) (table 1 funcref) (global funcref (ref.func 1))
      (elem (i32.const 0) func 1) (data (global.get 0) "of the wrong type")))";
  const auto text = text::parse_module(base::as_bytes(source));
  REQUIRE(text);
  wasm::TypeRegistry registry;
  const auto typed = [&](const validate::CompiledParts* compiled) {
    auto module = decode::decode(text->binary.span(), {});
    REQUIRE(module);
    return validate::type_module(std::move(*module), registry, compiled);
  };
  const uint64_t declared[] = {0b10};
  const validate::CompiledParts with_image{declared, true};
  const validate::CompiledParts without_image{declared, false};
  CHECK_FALSE(typed(nullptr));
  CHECK_FALSE(typed(&without_image));
  const auto known = typed(&with_image);
  REQUIRE(known);
  CHECK(known->declared_refs.begin() == declared);
  CHECK_FALSE(known->is_declared(wasm::FuncIndex(0)));
  CHECK(known->is_declared(wasm::FuncIndex(1)));
}

TEST_CASE("constant expressions see the globals in front of them") {
  CHECK(text_outcome(
            "(module (global i32 (i32.const 1)) (global i32 (i32.add (global.get 0) (i32.const 2))))") ==
        "valid");
  wasm::Features without_gc;
  without_gc.set(wasm::Feature::Gc, false);
  CHECK(text_outcome("(module (global i32 (i32.const 1)) (global i32 (global.get 0)))", without_gc) ==
        "UnknownGlobal");
  CHECK(text_outcome("(module (global $g funcref (ref.null func)) (table 1 funcref (global.get $g)))") ==
        "UnknownGlobal");
  CHECK(text_outcome("(module (table 1 i31ref (ref.i31 (i32.const 7))))") == "valid");
  CHECK(text_outcome("(module (type $a (array i32)) (global (ref $a) (array.new_fixed $a 2 (i32.const 1) "
                     "(i32.const 2))))") == "valid");
  wasm::Features plain;
  plain.set(wasm::Feature::ExtendedConst, false);
  CHECK(text_outcome("(module (global i32 (i32.add (i32.const 1) (i32.const 2))))", plain) ==
        "ConstantExpressionRequired");
}

TEST_CASE("a constant expression is checked whole") {
  CHECK(text_outcome("(module (memory 1) (data (offset (i32.const 0) (i32.const 1)) \"\"))") ==
        "TypeMismatch");
  CHECK(text_outcome("(module (memory i64 1) (data (i32.const 0) \"\"))") == "TypeMismatch");
  CHECK(text_outcome("(module (memory i64 1) (data (i64.const -1) \"\"))") == "valid");
  CHECK(text_outcome("(module (global i32 (block (result i32) (i32.const 1))))") ==
        "ConstantExpressionRequired");
}

TEST_CASE("a moved module is the same") {
  const auto text = text::parse_module(base::as_bytes("(module (func (result i32) (i32.const 1)))"));
  REQUIRE(text);
  wasm::TypeRegistry registry;
  auto module = decode::decode(text->binary.span(), {});
  REQUIRE(module);
  auto typed = validate::type_module(std::move(*module), registry);
  REQUIRE(typed);
  auto valid = validate::validate(std::move(*typed), 2);
  REQUIRE(valid);
  CHECK(valid->module().funcs.size() == 1);
  const validate::TypedModule taken = std::move(*valid).take();
  CHECK(taken.func_type(wasm::FuncIndex(0)).func.results[0] == wasm::kI32);
}
