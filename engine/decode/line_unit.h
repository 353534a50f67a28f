#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/decode/dwarf.h"

namespace wherry::decode::dwarf {

struct LineSections {
  base::ByteSpan lines;
  base::ByteSpan line_strings;
  base::ByteSpan strings;

  explicit LineSections(const wasm::Module& module)
      : lines(custom_section(module, ".debug_line")),
        line_strings(custom_section(module, ".debug_line_str")),
        strings(custom_section(module, ".debug_str")) {}
};

// What the header of a unit of the line table says (DWARF 5, 6.2.4), as far as rows and names need it. Borrows the module's
// bytes.
struct LineUnit {
  uint16_t version = 0;
  bool is_64 = false;
  uint8_t min_length = 1;
  int8_t line_base = 0;
  uint8_t line_range = 0;  // Never 0 once read, as opcode_base.
  uint8_t opcode_base = 0;
  base::ByteSpan operand_counts;  // Of standard operations, from 1 on.
  base::ByteSpan tables;          // Of directories and files.
  base::ByteSpan program;

  // Takes one unit; nothing if it is not understood, and the reader stands behind it all the same.
  static std::optional<LineUnit> read(Reader& reader);

  // The path by which the unit knows a file, cut to kTextBytes; empty: it knows none of that number. Reads the tables once.
  std::string file_name(const LineSections& sections, uint64_t file) const;
};

}  // namespace wherry::decode::dwarf
