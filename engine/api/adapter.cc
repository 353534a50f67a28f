// What components' adapters need of the engine (component/adapters.h): their frames are the engine's, not a guest's, and their flags are globals that
// the canonical ABI reads and writes between calls too, without asking for a handle each time.
#include "wherry/detail/adapter.h"

#include "engine/api/handles.h"

namespace wherry::detail {

void mark_adapter(const Module& module) { ModuleAccess::state(module)->is_adapter = true; }

uint64_t store_id(StoreRef store) {
  const StoreState* const state = StoreAccess::state(store);
  return state == nullptr ? 0 : state->id;
}

// SAFETY: a global's slots do not move and live as long as its store; the value of an i32 is the low half of a slot, which on the
// machines that Wherry runs on comes first.
Result<uint32_t*> global_word(StoreRef store, Global global) {
  const runtime::Global* const found = WHERRY_FIND(store, global, "global");
  if (found->content() != wasm::kI32) return Error::usage("a global that is no i32");
  return reinterpret_cast<uint32_t*>(found->slots());
}

}  // namespace wherry::detail
