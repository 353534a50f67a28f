#pragma once

#include "engine/base/bytes.h"
#include "engine/base/result.h"
#include "engine/text/print.h"
#include "engine/wasm/errors.h"
#include "engine/wasm/features.h"

// Whole operations on binary modules, for programs: each takes bytes as they come from a file.
namespace wherry::inspect {

// Whether the bytes begin like a binary module or component; everything else is taken for text.
bool is_binary(base::ByteSpan bytes);

// Decodes and validates, all bodies included. Errors: whatever is wrong with the module.
base::Result<void> validate(base::ByteSpan binary, wasm::Features features);

// Whether a valid module's custom sections say what their own specifications allow (branch hints), which engines need
// not ask. Errors: whatever is wrong.
base::Result<void> check_custom_sections(base::ByteSpan binary, wasm::Features features);

struct PrintChoice {
  bool names = true;  // Take the name section for identifiers, rather than print it as any custom section.
  bool skeleton = false;
  bool offsets = false;
};

// The text of a module, whatever features it uses. It need not be valid. Errors: see text::print.
base::Result<void> print(base::ByteSpan binary, const PrintChoice& choice, text::TextSink& sink);

}  // namespace wherry::inspect
