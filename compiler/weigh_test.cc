// Weights of bodies: that they grow as the work does, and that bombs are heavy.
#include "compiler/weigh.h"

#include <catch2/catch.hpp>
#include <string>

#include "compiler/unit.h"
#include "engine/decode/decode.h"
#include "engine/text/parse.h"

namespace wherry::compiler {
namespace {

std::string times(uint32_t count, const std::string& text) {
  std::string all;
  for (uint32_t i = 0; i < count; ++i) all += text;
  return all;
}

// Of the first function of a module.
uint64_t weight_of_module(const std::string& source) {
  auto text = text::parse_module(base::as_bytes(source));
  if (!text) return 0;
  auto decoded = decode::decode(std::move(text->binary), {.features = wasm::Features::all()});
  if (!decoded) return 0;
  wasm::TypeRegistry registry;
  auto typed = validate::type_module(std::move(*decoded), registry);
  return typed ? scan_module(*typed).weights.at(0) : 0;
}

uint64_t weight(const std::string& body) {
  return weight_of_module("(module (memory 1) (table 1 funcref) (func (param i32) (local i32 i32 i32 i32) " +
                          body + "))");
}

TEST_CASE("weight of straight code is a few units an instruction") {
  const std::string step = "(local.set 0 (i32.add (local.get 0) (i32.const 1)))";
  const uint64_t one = weight(step);
  CHECK(one >= 4);
  CHECK(one <= 8);
  CHECK(weight(times(100, step)) <= 100 * one);
  CHECK(weight(times(100, step)) >= 100 * (one - 2));
  CHECK(weight("(drop (i32.load (local.get 0)))") > weight("(drop (i32.add (local.get 0) (local.get 0)))"));
}

TEST_CASE("a local that is set costs a phi in each construct around that is branched to") {
  const auto nest = [](uint32_t depth, uint32_t sets) {
    return weight(times(depth, "(loop ") + times(sets, "(local.set 1 (i32.const 1))") +
                  times(depth, "(br_if 0 (local.get 0)))"));
  };
  const uint64_t without = nest(100, 0);
  CHECK(nest(100, 1) >= without + 200);
  CHECK(nest(100, 2) <= nest(100, 1) + 10);  // Once for each construct.
}

TEST_CASE("branches to one place cost an entry for each local that is set around them") {
  const auto block = [](uint32_t branches, const char* sets) {
    return weight(std::string("(block ") + sets + times(branches, "(br_if 0 (local.get 0))") + ")");
  };
  const uint64_t one = block(100, "(local.set 1 (i32.const 1))") - block(100, "");
  const uint64_t three =
      block(100, "(local.set 1 (i32.const 1)) (local.set 2 (i32.const 1)) (local.set 3 (i32.const 1))") -
      block(100, "");
  CHECK(one >= 100);
  CHECK(three >= 300);
}

TEST_CASE("tables of branches count each entry, with what it carries") {
  const std::string entries = times(1000, " 0");
  CHECK(weight("(block (br_table " + entries + " 0 (local.get 0)))") >= 1000);
  CHECK(weight("(block (local.set 1 (i32.const 1)) (local.set 2 (i32.const 1)) (br_table " + entries +
               " 0 (local.get 0)))") >= 3000);
  CHECK(weight("(drop (block (result i32) (br_table " + entries + " 0 (local.get 0) (local.get 0))))") >=
        2000);
}

TEST_CASE("locals of one body do not count in the next") {
  const std::string body = "(func (local i32) (block (local.set 0 (i32.const 1)) (br_if 0 (local.get 0))))";
  CHECK(weight_of_module("(module " + body + ")") == weight_of_module("(module " + body + body + ")"));
}

TEST_CASE("loops in each other around many locals are too heavy to compile") {
  std::string locals = times(2000, " i32");
  std::string sets;
  for (uint32_t i = 0; i < 2000; ++i) sets += "(local.set " + std::to_string(i) + " (i32.const 1))";
  const std::string module = "(module (func (local " + locals + ") " + times(2000, "(loop ") + sets +
                             times(2000, "(br_if 0 (local.get 0)))") + "))";
  CHECK(weight_of_module(module) > kMostWeight);
}

}  // namespace
}  // namespace wherry::compiler
