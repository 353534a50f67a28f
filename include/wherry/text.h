// The text format (WAT): text to binary, binary to text.
//
// Needs no Engine: what a text means does not depend on settings. All features are understood; whether they may be
// used is decided when the result is loaded. Both functions are thread-safe and keep nothing.
#pragma once

#include <string_view>

#include "wherry/blob.h"
#include "wherry/engine.h"
#include "wherry/module.h"
#include "wherry/result.h"

namespace wherry {

// The binary form of a module in the text format (spec 6 "Text Format"). Names of functions, locals and so on go into
// a name section. `text` is UTF-8 and only read. Errors: Malformed with `position()`, and with the source line itself
// in the message; OutOfMemory. The result is not validated.
Result<Blob> parse_text(std::string_view text);

// The text form of a binary module. Parsing it again gives the same module: names are kept, and custom sections as
// annotations. Errors: Malformed with `offset()`; OutOfMemory.
Result<Blob> print_text(Bytes binary);

// parse_text and Module::load in one.
Result<Module> load_text(const Engine& engine, std::string_view text);

// Whether bytes begin with the four bytes "\0asm" of a binary (module or component), so that everything else can be
// taken for text.
bool is_binary(Bytes bytes);

}  // namespace wherry
