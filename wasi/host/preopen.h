// Parts of Capabilities as each version of WASI takes them in.
#pragma once

#include "wasi/host/handle.h"
#include "wherry/result.h"
#include "wherry/wasi_capabilities.h"

namespace wherry::wasi::host {

// The directory that `preopen` names, open. Errors: Io, with its name; Usage for a path that cannot be one.
Result<Handle> open_preopen(const Preopen& preopen);

// Whether this can be the standard stream of that number: an input reads, an output writes. Error: Usage.
Result<void> check_stdio(const Stdio& choice, int number);

}  // namespace wherry::wasi::host
