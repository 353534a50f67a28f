#pragma once

#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/result.h"
#include "engine/text/print.h"

namespace wherry::inspect {

struct ObjdumpChoice {
  bool funcs = false;  // Every body, an instruction a line, with offset and bytes.
};

// Lists what is in a binary module: sections with their places and sizes, then types, imports, functions, tables, memories,
// globals, tags, exports, segments and custom sections, each with its index and name. `title` heads it. The module
// need not be valid; bodies that cannot be read end where the fault is, and the Error comes out at the end.
base::Result<void> objdump(std::string_view title, base::ByteSpan binary, const ObjdumpChoice& choice,
                           text::TextSink& sink);

}  // namespace wherry::inspect
