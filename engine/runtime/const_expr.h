#pragma once

#include <cstdint>

#include "engine/abi/context.h"
#include "engine/base/result.h"
#include "engine/wasm/module.h"

namespace wherry::runtime {

class Instance;

// Works out a constant expression (core spec 3.4.2) that validation accepted; `slots` takes its value (two slots for
// v128, else one). Globals that it reads have their value already. Functions are referred to without being made.
// Errors: NotYetExecutable for instructions that allocate GC objects, with the instruction; OutOfMemory.
base::Result<void> evaluate(const wasm::ConstExpr& expression, Instance& instance, uint64_t* slots);

// Whether evaluate() can do it: NotYetExecutable if not. For expressions that are worked out later.
base::Result<void> check_executable(const wasm::ConstExpr& expression, const wasm::Module& module);

}  // namespace wherry::runtime
