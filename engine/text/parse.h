#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/result.h"
#include "engine/base/vector.h"
#include "engine/wasm/features.h"

// The text format (core spec chapter 6) to the binary format.
namespace wherry::text {

struct ParseOptions {
  // Write identifiers into the custom section "name" (functions, locals, labels, types, fields, ...).
  bool names = true;
  // Fill TextModule::positions.
  bool positions = false;
  // Text has few forms that depend on features: without memory64 the limits of memories and tables are 32-bit
  // literals. Instructions and types of features that are off are the decoder's and the validator's to refuse.
  wasm::Features features = wasm::Features::all();
};

// The instruction or definition at `binary_offset` was written at `text_offset`.
struct SourcePosition {
  uint32_t binary_offset = 0;
  uint32_t text_offset = 0;
};

struct TextModule {
  base::Vector<uint8_t> binary;
  base::Vector<SourcePosition> positions;  // Ascending; empty unless asked for.

  // Where in the text the binary's byte comes from: that of the last position not behind it, or
  // Error::kNoOffset when there is none.
  uint64_t text_offset(uint64_t binary_offset) const;
};

// Reads one module: `(module ...)` in any of its forms (fields, `binary`, `quote`, `definition`), or fields
// without the keyword around them. The result is well-formed as far as text decides that; it may well be invalid,
// and for `(module binary ...)` it is whatever the strings say. Fails with an Error whose offset counts bytes of
// `source` (describe_text_error shows it), of kind malformed, limit or resource. Memory is a small multiple of
// the source's size; nesting is bounded by that only. Thread-safe.
base::Result<TextModule> parse_module(base::ByteSpan source, const ParseOptions& options = {});

// Line and column, both counted from 1; the column counts characters. The line is without its end.
struct LineColumn {
  uint64_t line = 1;
  uint64_t column = 1;
  std::string_view text;
};
LineColumn locate(base::ByteSpan source, uint64_t offset);

// "file:LINE:COL: message: detail", then the source line and a caret below the place. Long lines are cut to the
// surroundings of the place; control characters are replaced. Ends without a newline.
std::string describe_text_error(base::ByteSpan source, const base::Error& error, std::string_view file_name);

}  // namespace wherry::text
