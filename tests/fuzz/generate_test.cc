// What the fuzz targets rely on, and a small, fixed dose of them for every build: the sanitizers', the loop's, AArch64's.
#include "tests/fuzz/generate.h"

#include <catch2/catch.hpp>

#include "tests/fuzz/differential.h"
#include "wherry/wherry.h"

namespace wherry::fuzz {

namespace {

// The n-th sequence of decisions. Fixed for ever: failures are reported by number.
std::vector<uint8_t> decisions(uint32_t n) {
  std::vector<uint8_t> bytes(64 + n % 448);
  uint64_t state = n * 0x9e3779b97f4a7c15 + 1;
  for (uint8_t& byte : bytes) {
    state = state * 6364136223846793005 + 1442695040888963407;
    byte = static_cast<uint8_t>(state >> 56);
  }
  return bytes;
}

}  // namespace

TEST_CASE("generated modules are valid, and the same for the same bytes") {
  Config config;
  config.features.set("all", true).value();
  const auto engine = Engine::create(config);
  for (uint32_t n = 0; n < 300; ++n) {
    INFO("sequence " << n);
    const std::vector<uint8_t> bytes = decisions(n);
    const std::vector<uint8_t> module = generate(bytes);
    CHECK(module == generate(bytes));
    const auto loaded = Module::load_borrowed(*engine, module);
    CHECK((loaded ? "valid" : loaded.error().describe()) == "valid");
    CHECK(Module::load_borrowed(*engine, generate(bytes, Style::Settled)).ok());
  }
  CHECK(Module::load_borrowed(*engine, generate({})).ok());
}

TEST_CASE("generated programs do the same with and without optimisations") {
  // A difference ends the process with a message.
  for (uint32_t n = 0; n < 150; ++n) {
    const std::vector<uint8_t> bytes = decisions(n);
    run_differential(generate(bytes), Bytes(bytes).first(8), NanBits::Hidden, 20'000,
                     generate(bytes, Style::Settled));
  }
}

}  // namespace wherry::fuzz
