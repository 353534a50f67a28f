// Which form a file has is decided by its first bytes, not by its name. What is not binary is text; since the text format
// has no magic number, a file that cannot be text either is recognised by its bytes, so that its error is one line and
// not an excerpt of garbage.
#include "cli/input.h"

#include <algorithm>

#include "cli/console.h"
#include "component/decode.h"
#include "component/text.h"

namespace wherry::cli {

namespace {

// Why the bytes are no module at all; empty if they may be text.
std::string_view no_module_because(std::string_view path, Bytes bytes) {
  if (bytes.empty()) return "it is empty";
  if (path.ends_with(".wasm")) return "it does not begin with \\0asm";
  const auto is_control = [](uint8_t byte) {
    return byte < 0x20 && byte != '\n' && byte != '\t' && byte != '\r' && byte != '\f';
  };
  if (std::any_of(bytes.begin(),
                  bytes.begin() + static_cast<std::ptrdiff_t>(std::min<size_t>(bytes.size(), 512)),
                  is_control)) {
    return "it begins neither with \\0asm nor like text";
  }
  return {};
}

}  // namespace

bool to_binary(const char* path, const text::ParseOptions& options, ModuleInput* out) {
  if (inspect::is_binary(out->source.bytes())) {
    out->binary = out->source.bytes();
    return true;
  }
  if (const std::string_view reason = no_module_because(path, out->source.bytes()); !reason.empty()) {
    complain(quoted(path) + " is not a WebAssembly module: " + std::string(reason));
    return false;
  }
  out->is_text = true;
  base::Result<text::TextModule> parsed = component::is_component_text(out->source.bytes())
                                              ? component::parse_component(out->source.bytes(), options)
                                              : text::parse_module(out->source.bytes(), options);
  if (!parsed) {
    complain(text::describe_text_error(out->source.bytes(), parsed.error(), path));
    return false;
  }
  out->parsed = std::move(*parsed);
  out->binary = {out->parsed.binary.data(), out->parsed.binary.size()};
  return true;
}

bool ModuleInput::is_component() const { return component::is_component(binary); }

bool read_module(const char* path, const text::ParseOptions& options, ModuleInput* out) {
  Result<Blob> source = read_input(path);
  if (!source) {
    complain(source.error().message());
    return false;
  }
  out->source = std::move(*source);
  return to_binary(path, options, out);
}

std::string describe_error(const char* path, const ModuleInput& input, const base::Error& error) {
  if (input.is_text && error.offset != base::Error::kNoOffset) {
    const uint64_t place = input.parsed.text_offset(error.offset);
    if (place != base::Error::kNoOffset) {
      return text::describe_text_error(input.source.bytes(), {error.code, place, error.detail}, path);
    }
  }
  return quoted(path) + ": " + wasm::describe(error);
}

}  // namespace wherry::cli
