#pragma once

#include "engine/api/state.h"

namespace wherry::api {

// Gives a module native code, before any of its functions was called. `source` must outlive the module.
// Error: OutOfMemory.
base::Result<void> attach_native(detail::ModuleState& module, const native::Source& source);

}  // namespace wherry::api
