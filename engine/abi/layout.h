#pragma once

#include "engine/abi/context.h"
#include "engine/wasm/module.h"

namespace wherry::abi {

// Where each part of an instance's Context lies; follows from the module's counts alone.
ContextLayout layout_of(const wasm::Module& module);

// Byte offset, from the Context, of a global's slots (own globals) or of the pointer to them (imported ones).
// `offsets` has one entry a global, made by global_offsets.
[[nodiscard]] bool global_offsets(const wasm::Module& module, const ContextLayout& layout,
                                  base::Vector<uint32_t>* offsets);

}  // namespace wherry::abi
