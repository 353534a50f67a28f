#pragma once

#include "component/component.h"
#include "engine/base/bytes.h"
#include "engine/base/result.h"

namespace wherry::component {

// Whether the bytes begin like a component (and not like a core module).
bool is_component(base::ByteSpan bytes);

// Reads a binary component into its data model: every section, nested components and types included; of core modules
// only where each lies. One pass; memory in proportion to the input; no recursion.
//
// Errors: Malformed and Unsupported ones for the format, Limit ones for the rows of component/limits.inc, OutOfMemory.
// The offset counts from the beginning of the bytes, also inside of nested components. Left to the validator: all
// indices, names, types, and everything inside of core modules. Thread-safe.
//
// This form borrows: `bytes` must live and stay as they are for as long as the Component.
base::Result<Component> decode(base::ByteSpan bytes, const Features& features);

// The same; the Component keeps the bytes.
base::Result<Component> decode(base::Vector<uint8_t> bytes, const Features& features);

}  // namespace wherry::component
