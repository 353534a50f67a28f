// Decoder, validator and printer put in a row. The validator gets a registry of its own and one thread: a program that
// checks a file ends afterwards.
#include "engine/inspect/binary.h"

#include <cstring>

#include "engine/decode/decode.h"
#include "engine/inspect/names.h"
#include "engine/validate/branch_hints.h"
#include "engine/validate/typed_module.h"

namespace wherry::inspect {

bool is_binary(base::ByteSpan bytes) {
  return bytes.size() >= 4 && std::memcmp(bytes.data(), "\0asm", 4) == 0;
}

base::Result<void> validate(base::ByteSpan binary, wasm::Features features) {
  wasm::TypeRegistry registry;
  wasm::Module module = WHERRY_TRY(decode::decode(binary, {.features = features}));
  validate::TypedModule typed = WHERRY_TRY(validate::type_module(std::move(module), registry));
  WHERRY_TRY(validate::validate(std::move(typed), 1));
  return {};
}

base::Result<void> check_custom_sections(base::ByteSpan binary, wasm::Features features) {
  const wasm::Module module = WHERRY_TRY(decode::decode(binary, {.features = features}));
  return validate::check_branch_hints(module);
}

base::Result<void> print(base::ByteSpan binary, const PrintChoice& choice, text::TextSink& sink) {
  const wasm::Module module = WHERRY_TRY(decode::decode(binary, {.features = wasm::Features::all()}));
  text::PrintOptions options{.skeleton = choice.skeleton, .offsets = choice.offsets};
  text::Names names;
  if (choice.names && has_names(module)) {
    names = WHERRY_TRY(read_names(module));
    options.names = &names;
  }
  return text::print(module, options, sink);
}

}  // namespace wherry::inspect
