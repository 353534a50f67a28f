// What calls between components need of the engine. Not part of the API.
#pragma once

#include <cstdint>

#include "wherry/extern.h"
#include "wherry/module.h"

namespace wherry::detail {

// Says that the module was made by the engine: in backtraces its functions stand for host functions, by the name of what they call.
// Before anything of it runs.
void mark_adapter(const Module& module);

// What identifies the store in the process; 0 for one that was moved from.
uint64_t store_id(StoreRef store);

// As call_slots (wherry/func.h), of a function that is known to be one of the store's. Errors: the same but for those of handles.
Result<void> call_known(StoreRef store, void* object, uint64_t* slots);

// Where the value of a global of type i32 lies, as long as the store lives. Errors: InvalidHandle, Usage.
Result<uint32_t*> global_word(StoreRef store, Global global);

}  // namespace wherry::detail
