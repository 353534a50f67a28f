#pragma once

#include "engine/interpret/cold.h"

namespace wherry::interpret {

// The handler of cells that enter native code (abi::Tier::native_entry).
WHERRY_HANDLER enter_native(WHERRY_ARGS);

}  // namespace wherry::interpret
