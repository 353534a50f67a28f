// Fuzz target: any module, text or binary, is refused with an error or runs, with the same outcome whatever the engine's
// settings. A module made by the generator takes the place of one input in eight, as something to mutate.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tests/fuzz/differential.h"
#include "tests/fuzz/generate.h"
#include "wherry/text.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  wherry::fuzz::print_figures_at_exit();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace wherry;
  const Bytes input(data, size);
  const Bytes arguments = input.last(std::min<size_t>(size, 8));
  Blob binary;
  Bytes module = input;
  if (size > 0 && data[0] == '(') {
    auto parsed = parse_text(std::string_view(reinterpret_cast<const char*>(data), size));
    if (!parsed) return 0;
    binary = *std::move(parsed);
    module = binary.bytes();
  }
  fuzz::run_differential(module, arguments, fuzz::nan_bits_of(module), 20'000);
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed) {
  if (seed % 8 == 0 && size > 16) {
    const std::vector<uint8_t> made = wherry::fuzz::generate({data, size});
    if (made.size() <= max_size) {
      std::copy(made.begin(), made.end(), data);
      return made.size();
    }
  }
  return LLVMFuzzerMutate(data, size, max_size);
}
