#pragma once

#include <optional>
#include <span>

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

// A module whose tables somebody has made already (a compiled file): all borrowed, for as long as the Module lives.
struct KnownModule {
  // A section's contents, from the byte after its size on, and where in the file they begin.
  struct Part {
    uint8_t id = 0;
    uint64_t offset = 0;
    base::ByteSpan content;
  };
  base::ByteSpan bytes;  // The whole file. Only what the tables point to is read, and that when it is needed.
  std::span<const Part>
      parts;  // Those of types, imports, tables, memories, tags, globals, exports and start, in their order.
  std::span<const wasm::Func> funcs;  // Imported ones too.
  std::span<const wasm::CodeBody> bodies;
  std::span<const wasm::DataSegment> data;
  std::optional<uint32_t> data_count;
};

// The module's own small sections are read as decode() does it; what grows with the number of functions is used in place.
// Element segments and custom sections are the caller's to add. Errors: as decode()'s, and FunctionAndCodeMismatch when numbers differ.
base::Result<wasm::Module> decode(const KnownModule& known, const DecodeOptions& options);

}  // namespace wherry::decode
