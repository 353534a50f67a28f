#pragma once

#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/result.h"
#include "engine/lower/options.h"
#include "engine/text/print.h"
#include "engine/wasm/features.h"

namespace wherry::inspect {

// Lists the slot code that the interpreter would run, function by function, as lower::Listing words it. The module is
// decoded and typed; functions whose bodies are invalid, or hold what cannot run yet, are listed with that error.
// `only` is a function's name, export or index, and then its Wasm stands beside the slot code; empty: all functions.
// `*found` says whether there was one. Errors: whatever is wrong with the module outside of bodies; OutOfMemory.
base::Result<void> list_slots(base::ByteSpan binary, wasm::Features features, const lower::Options& options,
                              std::string_view only, bool* found, text::TextSink& sink);

}  // namespace wherry::inspect
