#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "engine/wasm/module.h"

namespace wherry::decode {

// Where an instruction came from. Line and column count from 1; 0: not known.
struct SourcePlace {
  std::string file;  // As the compiler wrote it, cut to 1,024 bytes; empty: not known.
  uint32_t line = 0;
  uint32_t column = 0;
};

struct SourceQuery {
  uint64_t offset;  // Of the instruction, in the module's file.
  SourcePlace place;
};

// Answers queries from the module's DWARF line table (custom sections .debug_line, .debug_line_str, .debug_str; versions
// 2 to 5), which is read once for all of them: time grows with the table. A module without one, and bytes that are no
// line table, answer nothing; they are never an error.
void find_source_places(const wasm::Module& module, std::span<SourceQuery> queries);

}  // namespace wherry::decode
