#pragma once

#include "wherry/linker.h"

namespace wherry::cli {

// Defines the host module "spectest" that test scripts import: seven printing functions, four globals, a memory, two
// tables, and, with `threads`, a shared memory. What the functions print goes nowhere.
Result<void> define_spectest(Linker& linker, StoreRef store, bool threads);

}  // namespace wherry::cli
