#pragma once

#include "engine/runtime/extern.h"
#include "engine/wasm/type_registry.h"
#include "engine/wasm/types.h"
#include "wherry/result.h"
#include "wherry/types.h"

// Between the public types and the engine's. References to defined types are in canonical space on both sides: the
// public number is a wasm::CanonId.
namespace wherry::api {

ValType to_public(wasm::ValType type);
FuncType to_public_func(const wasm::CanonType& type);
TableType to_public(const wasm::TableType& type);
MemoryType to_public(const wasm::MemoryType& type);
GlobalType to_public(const wasm::GlobalType& type);
ExternType to_public(const runtime::ExternType& type);

wasm::ValType to_engine(ValType type);
// Errors: Usage for limits and page sizes that no module could declare.
Result<wasm::TableType> to_engine(const TableType& type);
Result<wasm::MemoryType> to_engine(const MemoryType& type);
wasm::GlobalType to_engine(const GlobalType& type);

}  // namespace wherry::api
