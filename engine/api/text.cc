// The text format: parsing and printing are engine/text's; this makes Blobs and positions of it.
#include "wherry/text.h"

#include <cstring>

#include "engine/api/errors.h"
#include "engine/decode/decode.h"
#include "engine/inspect/names.h"
#include "engine/text/parse.h"
#include "engine/text/print.h"

namespace wherry {

Result<Blob> parse_text(std::string_view text) {
  const base::Result<text::TextModule> parsed = text::parse_module(as_bytes(text));
  if (!parsed) {
    return api::to_public_text(parsed.error(), as_bytes(text));
  }
  return Blob::copy(Bytes(parsed->binary.data(), parsed->binary.size()));
}

Result<Blob> print_text(Bytes binary) {
  const wasm::Module module = WHERRY_TRY_PUBLIC(decode::decode(binary, {wasm::Features::all()}));
  const text::Names names = WHERRY_TRY_PUBLIC(inspect::read_names(module));
  text::PrintOptions options;
  options.names = inspect::has_names(module) ? &names : nullptr;
  const base::Vector<char> printed = WHERRY_TRY_PUBLIC(text::print(module, options));
  return Blob::copy(as_bytes(std::string_view(printed.data(), printed.size())));
}

Result<Module> load_text(const Engine& engine, std::string_view text) {
  WHERRY_ASSIGN_OR_RETURN(Blob binary, parse_text(text));
  return Module::load(engine, std::move(binary));
}

bool is_binary(Bytes bytes) { return bytes.size() >= 4 && std::memcmp(bytes.data(), "\0asm", 4) == 0; }

}  // namespace wherry
