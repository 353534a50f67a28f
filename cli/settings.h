#pragma once

#include "cli/options.h"
#include "component/features.h"
#include "engine/inspect/binary.h"
#include "wherry/config.h"
#include "wherry/store.h"

namespace wherry::cli {

// The features that -W chooses.
wasm::Features features_of(const Invocation& invocation);

// The same for components; their core modules have those of features_of.
component::Features component_features_of(const Invocation& invocation);

// What -W and -O say about the engine and its stores.
Result<Config> config_of(const Invocation& invocation);

// Gives a store of such an engine the fuel and the deadline that -W names.
Result<void> limit_store(const Invocation& invocation, StoreRef store);

}  // namespace wherry::cli
