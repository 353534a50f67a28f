#include "wherry/config.h"

#include <catch2/catch.hpp>

#include "engine/api/access.h"

namespace wherry {

TEST_CASE("features start as the table says and are switched by name") {
  FeatureSwitches switches;
  CHECK(FeatureAccess::of(switches) == wasm::Features());
  CHECK(switches.enabled("simd").value());
  CHECK(switches.set("simd", false).ok());
  CHECK_FALSE(switches.enabled("simd").value());
  CHECK(switches.set("simd", true).ok());
  CHECK(FeatureAccess::of(switches) == wasm::Features());
}

TEST_CASE("all switches everything but WebAssembly 1.0") {
  FeatureSwitches switches;
  CHECK(switches.set("all", true).ok());
  CHECK(FeatureAccess::of(switches) == wasm::Features::all());
  CHECK(switches.set("all", false).ok());
  CHECK(FeatureAccess::of(switches) == wasm::Features::mvp());
}

TEST_CASE("an unknown feature is an error that names the nearest one") {
  FeatureSwitches switches;
  Result<void> result = switches.set("multi-memry", true);
  CHECK_FALSE(result.ok());
  CHECK(result.error().kind() == ErrorKind::Usage);
  CHECK(result.error().message() == "unknown feature 'multi-memry', did you mean 'multi-memory'?");
  CHECK(switches.enabled("qqqqqqqqqqqqqqqqqqqqqqqq").error().message() ==
        "unknown feature 'qqqqqqqqqqqqqqqqqqqqqqqq'");
  CHECK_FALSE(switches.enabled(std::string(1000, 'x')).ok());
  CHECK(switches == FeatureSwitches());
}

}  // namespace wherry
