#pragma once

#include <span>

#include "component/encode.h"
#include "engine/wasm/types.h"

// Modules that stand between others because a module's imports must be there before what they need of the module is.
namespace wherry::component::assemble {

// The name under which the shim exports its table, and the fixup imports it.
inline constexpr std::string_view kShimTable = "table";

// The shim: a function per type, exported as "0", "1" and so on, which calls what stands at its place in the table.
base::Vector<uint8_t> shim_module(std::span<const wasm::FuncType> types, bool* ok);

// Fills that table (its import "" kShimTable) with its imports "" "0", "" "1" and so on.
base::Vector<uint8_t> fixup_module(std::span<const wasm::FuncType> types, bool* ok);

// Calls its import "" "", which takes nothing and gives nothing, when it is instantiated.
base::Vector<uint8_t> start_module(bool* ok);

}  // namespace wherry::component::assemble
