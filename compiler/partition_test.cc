// How a module is cut, and what is copied across the cuts.
#include "compiler/partition.h"

#include <algorithm>
#include <catch2/catch.hpp>

namespace wherry::compiler {
namespace {

wasm::Module module_of(size_t functions) {
  wasm::Module module;
  for (size_t i = 0; i < functions; ++i) REQUIRE(module.bodies.push_back({}));
  return module;
}

TEST_CASE("a module is cut in order, and what is heavy is a part of its own") {
  const uint32_t half = kUnitWeight / 2;
  const std::vector<uint32_t> weights = {half, half, 1, 10 * half, 1, 1};
  const std::vector<Part> parts = partition(module_of(6), weights);
  REQUIRE(parts.size() == 4);
  CHECK(parts[0].end == 2);
  CHECK(parts[1].end == 3);
  CHECK(parts[2].end == 4);
  CHECK(parts[2].weight == 10 * half);
  CHECK(parts[3].begin == 4);
  CHECK(parts[3].end == 6);
}

TEST_CASE(
    "a part gets copies of the small functions of others that it calls, the most called first, within "
    "bounds") {
  // Parts of ten functions each; the second has room for 64 / 32 = 2, the others for 96 / 32 = 3.
  const std::vector<Part> parts = {{0, 10, 0, 96}, {10, 20, 0, 64}, {20, 30, 0, 96}};
  ModuleFacts facts;
  facts.weights.assign(30, 1);
  facts.weights[25] = 2;
  facts.weights[26] = kImportedWeight + 1;
  const auto call = [&](uint32_t callee, uint32_t caller, int times = 1) {
    for (int i = 0; i < times; ++i) facts.calls.push_back({callee, caller});
  };
  call(3, 4, 100);   // In the same part.
  call(26, 5, 100);  // Too large.
  call(11, 0);
  call(13, 1);
  call(13, 2);
  call(29, 2, 5);
  call(12, 9);
  call(27, 9, 7);   // Not to be copied.
  call(10, 3, 9);   // Calls others itself.
  call(25, 10, 3);  // Fills what the second part has room for.
  call(24, 14, 2);
  call(6, 28);
  const std::vector<uint32_t> left_out = {5, 27};
  const auto chosen = choose_imports(parts, facts, left_out);
  REQUIRE(chosen.size() == 3);
  CHECK(chosen[0] == std::vector<uint32_t>{29, 13, 11});
  CHECK(chosen[1] == std::vector<uint32_t>{25});
  CHECK(chosen[2] == std::vector<uint32_t>{6});

  std::reverse(facts.calls.begin(), facts.calls.end());
  CHECK(choose_imports(parts, facts, left_out) == chosen);
  facts.weights[25] = 3;  // What does not fit gives way to what does.
  CHECK(choose_imports(parts, facts, left_out)[1] == std::vector<uint32_t>{24});
  CHECK(choose_imports({}, {}, {}).empty());
}

TEST_CASE("a part that is one large function has copies of no more than any other") {
  const std::vector<Part> parts = {{0, 1, 0, 20 * kUnitWeight}, {1, 2001, 0, 2000}};
  ModuleFacts facts;
  facts.weights.assign(2001, 20);
  for (uint32_t i = 1; i < 2001; ++i) facts.calls.push_back({i, 0});
  CHECK(choose_imports(parts, facts, {})[0].size() == kUnitWeight / kImportedShare / 20);
}

}  // namespace
}  // namespace wherry::compiler
