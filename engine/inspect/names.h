#pragma once

#include "engine/base/result.h"
#include "engine/text/print.h"
#include "engine/wasm/module.h"

namespace wherry::inspect {

// All that the module's name section says, as the printer takes it. Points into the module's bytes. Entries that are out of
// order are left out, broken lists end early, as everywhere. Error: OutOfMemory.
base::Result<text::Names> read_names(const wasm::Module& module);

// Whether the module has a name section at all.
bool has_names(const wasm::Module& module);

}  // namespace wherry::inspect
