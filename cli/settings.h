#pragma once

#include "cli/options.h"
#include "engine/inspect/binary.h"
#include "wherry/config.h"

namespace wherry::cli {

// The features that -W chooses.
wasm::Features features_of(const Invocation& invocation);

// What -W and -O say about the engine and its stores.
Result<Config> config_of(const Invocation& invocation);

}  // namespace wherry::cli
