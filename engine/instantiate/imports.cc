// Errors of linking. They name the import as the text format would and show both types, since that is what a person needs
// to find out which of two toolchains is wrong.
#include <cstdio>
#include <string>

#include "engine/instantiate/instantiate.h"
#include "engine/wasm/errors.h"

namespace wherry::instantiate {
namespace {

constexpr size_t kShownNameBytes = 100;

// Control characters would reach a terminal.
void append_name(std::string* text, std::string_view name) {
  *text += '"';
  for (const char c : name.substr(0, kShownNameBytes)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || c == '"' || c == '\\') {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\%02x", byte);
      *text += escaped;
    } else {
      *text += c;
    }
  }
  *text += name.size() > kShownNameBytes ? "...\"" : "\"";
}

std::string names_of(const wasm::Import& import) {
  std::string text;
  append_name(&text, import.module);
  text += ' ';
  append_name(&text, import.name);
  return text;
}

}  // namespace

base::Result<void> check_import(const runtime::ModuleShape& shape, uint32_t position,
                                const runtime::ExternType& found) {
  const wasm::Import& import = shape.module->imports[position];
  const runtime::ExternType wanted = shape.import_type(import);
  if (runtime::matches(*shape.registry, found, wanted)) [[likely]]
    return {};
  std::string detail =
      names_of(import) + ", found " + runtime::to_text(found) + ", expected " + runtime::to_text(wanted);
  return base::fail(wasm::ErrorCode::IncompatibleImport, import.offset, std::move(detail));
}

base::Failure unknown_import(const runtime::ModuleShape& shape, uint32_t position) {
  const wasm::Import& import = shape.module->imports[position];
  std::string detail = names_of(import) + ", expected " + runtime::to_text(shape.import_type(import));
  return base::fail(wasm::ErrorCode::UnknownImport, import.offset, std::move(detail));
}

}  // namespace wherry::instantiate
