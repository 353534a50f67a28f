#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/decode/line_table.h"

namespace wherry::decode {

// The most calls inlined into one another that are told of, counted from the outermost.
inline constexpr size_t kInlinedCalls = 32;

// A call that a compiler replaced by the callee's code.
struct InlinedCall {
  std::string
      linkage_name;  // Of the callee, as a linker knows it; empty: not known. Cut to 1,024 bytes, as `name` is.
  std::string name;   // As the source has it, without what it is in.
  SourcePlace place;  // Of the call.
};

struct InlineQuery {
  uint64_t offset;                 // Of an instruction, in the module's file.
  std::vector<InlinedCall> calls;  // That its code came by, outermost first.
};

// Answers queries from the module's debug information (custom section .debug_info and what it refers to; DWARF 2 to 5), which
// is read once for all of them: time grows with its size. A module without it, and bytes that are none, answer nothing; they
// are never an error.
void find_inlined_calls(const wasm::Module& module, std::span<InlineQuery> queries);

}  // namespace wherry::decode
