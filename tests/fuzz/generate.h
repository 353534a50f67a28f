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
std::vector<uint8_t> generate(Bytes decisions);

}  // namespace wherry::fuzz
