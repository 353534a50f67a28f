// Fuzz target: any bytes have a readable name: of bounded size, in bounded time and stack.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "engine/decode/symbol_name.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view symbol(reinterpret_cast<const char*>(data), size);
  if (wherry::decode::readable_name(symbol).size() > std::max(size, wherry::decode::kReadableBytes))
    std::abort();
  return 0;
}
