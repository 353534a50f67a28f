#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/artifact/format.h"
#include "engine/artifact/writer.h"
#include "engine/base/result.h"

namespace wherry::compiler {

// The text of an artifact: code and constants of all units in one piece, in which everything refers to everything else relative
// to the program counter, so that it runs wherever it is mapped.
struct LinkedText {
  struct Entry {
    uint32_t index;  // Of the function among those that the module defines, or of the type.
    uint32_t text_offset;
  };
  std::vector<uint8_t> text;
  std::vector<Entry> functions;                 // What can be called from outside of its unit, by index.
  std::vector<Entry> enter_thunks;              // By index.
  std::vector<artifact::FunctionRange> ranges;  // All of functions' texts, in order.
  std::vector<artifact::PcRow> rows;            // By address.
};

// Joins ELF objects, as compile_unit() makes them: symbols `f<defined index>`, `enter<type index>`, `leave<type index>`; .text*
// and .rodata* (and what the assembler makes of them) are laid out in the objects' order, relocations resolved, .debug_line read for
// the rows. Debug lines are offsets in the module.
//
// Errors (CompilerFault: the objects are the compiler's own, so it is one of ours): a symbol that nobody or
// that two objects define, data that can be written, a relocation that is absolute or does not reach. Thread-safe.
base::Result<LinkedText> link(std::span<const std::vector<char>> objects, artifact::Arch arch);

}  // namespace wherry::compiler
