#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/wasm/module.h"

namespace wherry::compiler {

// A run of functions that are compiled as one unit: [begin, end), by defined index.
struct Part {
  uint32_t begin;
  uint32_t end;
  uint64_t body_bytes;
  uint64_t weight;
};

// How much of a module is one unit, by weight (compiler/weigh.h): small enough that two processors finish together and one LLVM module stays in
// some 100 MB, large enough that most calls between neighbours can be inlined. About 64 KB of the code section.
inline constexpr uint64_t kUnitWeight = 45'000;
inline constexpr uint32_t kUnitFunctions = 4096;  // An object has no more than 65,000 sections.

// Cuts the functions that a module defines into parts, in order, by the module alone: neither threads nor machine have a say, since
// what is inlined depends on it. `weights` are those of the functions, by defined index. What reaches kUnitWeight alone is a part of
// its own.
std::vector<Part> partition(const wasm::Module& module, std::span<const uint32_t> weights);

}  // namespace wherry::compiler
