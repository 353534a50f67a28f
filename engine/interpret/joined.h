#pragma once

#include "engine/lower/handler_table.h"

// The handlers of joined instructions, as HandlerTable::joins wants them: those without an access to memory, and those
// with one access to a guarded memory.
namespace wherry::interpret {

extern const lower::Join joins[];
extern const lower::Join guarded_joins[];

}  // namespace wherry::interpret
