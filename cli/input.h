#pragma once

#include "engine/inspect/binary.h"
#include "engine/inspect/text.h"
#include "wherry/blob.h"

namespace wherry::cli {

// A module or component file in binary form, whatever form it has on disk.
struct ModuleInput {
  Blob source;              // The file.
  text::TextModule parsed;  // When it is text.
  base::ByteSpan binary;    // One of the two.
  bool is_text = false;

  bool is_component() const;
};

// Reads a file and, if it is text, parses it. On failure says so on standard error, in one line for what is no
// module, with the source line for a text that has a mistake, and answers false.
bool read_module(const char* path, const text::ParseOptions& options, ModuleInput* out);

// The same for bytes that were read already.
bool to_binary(const char* path, const text::ParseOptions& options, ModuleInput* out);

// An error for people; of a text, it is shown in the text.
std::string describe_error(const char* path, const ModuleInput& input, const base::Error& error);

}  // namespace wherry::cli
