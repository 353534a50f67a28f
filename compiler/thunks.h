#pragma once

#include "compiler/unit_context.h"

namespace wherry::compiler {

// Adds the thunks `enter<type index>` and `leave<type index>` of every function type.
void make_thunks(UnitContext& unit);

}  // namespace wherry::compiler
