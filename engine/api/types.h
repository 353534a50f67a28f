#pragma once

#include "engine/wasm/types.h"
#include "wherry/types.h"

// Between the public types and the engine's. References to defined types are in canonical space on both sides: the
// public number is a wasm::CanonId.
namespace wherry::api {

ValType to_public(wasm::ValType type);
wasm::ValType to_engine(ValType type);

}  // namespace wherry::api
