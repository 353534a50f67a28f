#pragma once

#include "engine/api/state.h"

// Values in slots, and as Vals. Types are the engine's, in canonical space.
namespace wherry::api {

// Writes a Val where a value of `type` is expected. Errors: Usage if it is of another type (a null where there may be
// none, a function of another type), InvalidHandle.
Result<void> store_val(StoreRef store, wasm::ValType type, const Val& value, uint64_t* slots);

// Reads one; a reference is held until the scope ends (runtime::Roots). Error: OutOfMemory.
Result<Val> load_val(StoreRef store, wasm::ValType type, const uint64_t* slots);

// The most exact type of a reference of the any hierarchy that is not null.
wasm::ValType type_of_reference(StoreRef store, abi::Ref ref);

}  // namespace wherry::api
