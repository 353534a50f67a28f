#pragma once

#include "compiler/unit_context.h"

namespace wherry::compiler {

// Adds the thunks `enter<type index>` of the types of defined functions, and `leave<type index>`: when the unit is the whole module, of the types
// that its code asked for (UnitContext::leave_thunk), which must all be there; otherwise of every function type.
void make_thunks(UnitContext& unit, bool is_whole);

}  // namespace wherry::compiler
