#pragma once

#include "engine/api/state.h"

// Values in slots, and as Vals. Types are the engine's, in canonical space.
namespace wherry::api {

// Writes a Val where a value of `type` is expected. Errors: Usage if it is of another type (a null where there may be
// none, a function of another type), InvalidHandle.
Result<void> store_val(StoreRef store, wasm::ValType type, const Val& value, uint64_t* slots);

// Reads one. Error: Unsupported for a reference that no Val can hold.
Result<Val> load_val(StoreRef store, wasm::ValType type, const uint64_t* slots);

// Whether a Val could hold some value of the type.
bool is_representable(const wasm::TypeRegistry& types, wasm::ValType type);

}  // namespace wherry::api
