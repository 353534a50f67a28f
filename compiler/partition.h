#pragma once

#include <cstdint>
#include <vector>

#include "engine/wasm/module.h"

namespace wherry::compiler {

// A run of functions that are compiled as one unit: [begin, end), by defined index.
struct Part {
  uint32_t begin;
  uint32_t end;
  uint64_t body_bytes;
};

// How much of the code section is one unit: small enough that two processors finish together and one LLVM module stays in some 100 MB, large
// enough that most calls between neighbours can be inlined.
inline constexpr uint64_t kUnitBytes = 64 << 10;
inline constexpr uint32_t kUnitFunctions = 4096;  // An object has no more than 65,000 sections.

// Cuts the functions that a module defines into parts, in order, by the module alone: neither threads nor machine have a say, since
// what is inlined depends on it. A body of kUnitBytes and more is a part of its own.
std::vector<Part> partition(const wasm::Module& module);

}  // namespace wherry::compiler
