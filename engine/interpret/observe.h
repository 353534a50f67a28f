#pragma once

#include "engine/interpret/dispatch.h"

namespace wherry::interpret {

// HandlerTable::observe.
WHERRY_HANDLER observe(WHERRY_ARGS);

}  // namespace wherry::interpret
