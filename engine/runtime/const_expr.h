#pragma once

#include <cstdint>

#include "engine/abi/context.h"
#include "engine/base/byte_reader.h"
#include "engine/base/result.h"
#include "engine/wasm/module.h"

namespace wherry::runtime {

class Instance;

// What the place asks for where a constant expression stands.
struct ConstPlace {
  wasm::ValType type;        // In canonical space.
  uint32_t visible_globals;  // Those below this index have their value and may be read.
};

// Works out a constant expression (core spec 3.4.2); `slots` takes its value (two slots for v128, else one). Functions
// are referred to without being made. Validation has accepted it, but the file that it lies in may have changed under
// its mapping since: so types and indices are looked at once more, and what does not fit is an error. Errors:
// OutOfMemory, also for a heap that is full; TypeMismatch,
// ConstantExpressionRequired and the like for changed bytes.
base::Result<void> evaluate(const wasm::ConstExpr& expression, const ConstPlace& place, Instance& instance,
                            uint64_t* slots);

// The same for the next of several expressions that stand back to back; `reader` then stands behind its `end`.
base::Result<void> evaluate_next(base::ByteReader& reader, const ConstPlace& place, Instance& instance,
                                 uint64_t* slots);

}  // namespace wherry::runtime
