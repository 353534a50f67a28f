#pragma once

#include "engine/base/bytes.h"
#include "engine/base/result.h"
#include "engine/base/vector.h"
#include "engine/wasm/features.h"
#include "engine/wasm/module.h"

namespace wherry::decode {

struct DecodeOptions {
  wasm::Features features;
};

// Reads a binary module (core spec 5) into its data model: every section but the code section completely, of that
// only where each body lies. Cost: one pass over the sections; a module of 20 MB takes about a millisecond.
//
// Errors: Malformed and Unsupported ones for the format, Limit ones for the rows of engine/wasm/limits.inc,
// OutOfMemory. Memory taken is in proportion to the input. Thread-safe.
//
// What is left to the validator: all indices (of types, too), all rules of chapter 3, the locals and instructions
// of bodies and what of chapter 5 concerns them ("too many locals", "illegal opcode", and "data count section
// required": an instruction that names a data segment while `module.data_count` is absent). Constant expressions are
// well-formed and end with their `end`, but may hold any instruction.
//
// This form borrows: `bytes` must live and stay as they are for as long as the Module.
base::Result<wasm::Module> decode(base::ByteSpan bytes, const DecodeOptions& options);

// The same; the Module keeps the bytes.
base::Result<wasm::Module> decode(base::Vector<uint8_t> bytes, const DecodeOptions& options);

}  // namespace wherry::decode
