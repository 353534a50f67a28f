#pragma once

#include <span>

#include "component/encode.h"
#include "engine/wasm/types.h"

// Modules that stand between others because a module's imports must be there before what they need of the module is.
namespace wherry::component::assemble {

// The shim: a function per type, exported as "0", "1" and so on, which calls what stands at its place in the table "table".
base::Vector<uint8_t> shim_module(std::span<const wasm::FuncType> types, bool* ok);

// Fills that table (its import "" "table") with its imports "" "0", "" "1" and so on.
base::Vector<uint8_t> fixup_module(std::span<const wasm::FuncType> types, bool* ok);

// Calls its import "" "", which takes nothing and gives nothing, when it is instantiated.
base::Vector<uint8_t> start_module(bool* ok);

// Writes a core function type, value types without references only.
void write_func_type(const wasm::FuncType& type, EncodeBuffer* out);

// Appends a section.
void write_section(uint8_t id, const EncodeBuffer& content, EncodeBuffer* out);

}  // namespace wherry::component::assemble
