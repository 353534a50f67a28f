// Fuzz target: any bytes decode and validate or fail, with an offset inside the input; and one thread and several agree.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "engine/decode/decode.h"
#include "engine/validate/typed_module.h"
#include "engine/wasm/errors.h"
#include "engine/wasm/type_registry.h"

namespace {

using namespace wherry;

base::Result<void> check(base::ByteSpan bytes, wasm::Features features, uint32_t threads) {
  wasm::TypeRegistry registry;
  wasm::Module module = WHERRY_TRY(decode::decode(bytes, {features}));
  validate::TypedModule typed = WHERRY_TRY(validate::type_module(std::move(module), registry));
  WHERRY_TRY(validate::validate(std::move(typed), threads));
  return {};
}

void run(base::ByteSpan bytes, wasm::Features features) {
  const auto serial = check(bytes, features, 1);
  const auto parallel = check(bytes, features, 2);
  if (serial.has_value() != parallel.has_value()) std::abort();
  if (serial) return;
  const base::Error& error = serial.error();
  if (error.code != parallel.error().code || error.offset != parallel.error().offset) std::abort();
  if (error.offset != base::Error::kNoOffset && error.offset > bytes.size()) std::abort();
  if (wasm::describe(error).empty()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  run({data, size}, wasm::Features::all());
  if (size > 0 && data[size - 1] % 8 == 0) run({data, size}, wasm::Features::mvp());
  return 0;
}
