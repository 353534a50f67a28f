#pragma once

#include <cstdint>

#include "engine/base/bytes.h"

namespace wherry::wasm {

// The number of a constant expression that consists of one i32.const (extended by zeros) or i64.const and its end. False: it is another, or
// not well-formed.
bool read_constant_number(base::ByteSpan expression, uint64_t* number);

}  // namespace wherry::wasm
