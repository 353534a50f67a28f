// Fuzz target: valid programs, made from the input, have the same outcome whatever the engine's settings.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "tests/fuzz/differential.h"
#include "tests/fuzz/generate.h"
#include "wherry/module.h"

namespace {

// WHERRY_FUZZ_KEEP=FILE: writes the module of an input there before it runs.
void keep(const std::vector<uint8_t>& module) {
  const char* path = std::getenv("WHERRY_FUZZ_KEEP");
  if (path == nullptr) return;
  if (std::FILE* file = std::fopen(path, "wb")) {
    std::fwrite(module.data(), 1, module.size(), file);
    std::fclose(file);
  }
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  wherry::fuzz::print_figures_at_exit();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace wherry;
  const Bytes input(data, size);
  const std::vector<uint8_t> module = fuzz::generate(input);
  keep(module);
  const std::vector<uint8_t> settled = fuzz::generate(input, fuzz::Style::Settled);
  fuzz::run_differential(module, input.last(std::min<size_t>(size, 8)), fuzz::NanBits::Hidden, 20'000,
                         settled);
  return 0;
}
