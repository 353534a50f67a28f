// Fuzz target: any bytes decode and validate or fail, with an offset inside the input. The first byte chooses whether what
// is gated is on; a preamble is put in front, as mutation finds eight bytes only by chance.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "component/decode.h"
#include "component/validate.h"
#include "engine/wasm/errors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace wherry;
  if (size == 0) return 0;
  std::vector<uint8_t> bytes{0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00};
  bytes.insert(bytes.end(), data + 1, data + size);
  const component::Features features = data[0] % 2 == 0 ? component::Features::all() : component::Features();
  wasm::TypeRegistry registry;
  const auto check = [&]() -> base::Result<void> {
    component::Component decoded = WHERRY_TRY(component::decode(base::ByteSpan(bytes), features));
    WHERRY_TRY(component::validate(std::move(decoded), registry));
    return {};
  };
  const base::Result<void> result = check();
  if (result) return 0;
  const base::Error& error = result.error();
  if (error.offset != base::Error::kNoOffset && error.offset > bytes.size()) std::abort();
  if (wasm::describe(error).empty()) std::abort();
  return 0;
}
