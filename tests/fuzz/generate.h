#pragma once

#include <cstdint>
#include <vector>

#include "wherry/blob.h"

namespace wherry::fuzz {

// Makes a valid binary module out of any bytes: each decision takes one, and what is left open when they run out is
// closed. The same bytes make the same module. Programs mostly end within 20,000 instructions, but may not.
//
// Floats are made numbers before the bits of a NaN could be seen, so that runs of the module can be compared exactly.
// Everything that can be exported is.
enum class Style : uint8_t {
  Plain,
  // The same program, with an empty block around what each local.get pushes. Lowering then cannot delay reading the
  // local, which it does whatever its settings are: a second opinion on that.
  Settled,
};
std::vector<uint8_t> generate(Bytes decisions, Style style = Style::Plain);

}  // namespace wherry::fuzz
