#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compiler/unit.h"
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

// What a part gets copies of, to inline: functions of other parts that its own call and that call none of the module, of at most kImportedWeight each and a share of
// 1 / kImportedShare of the part's weight together (of kUnitWeight if it has more).
inline constexpr uint32_t kImportedWeight = 24;
inline constexpr uint64_t kImportedShare = 32;

// For each part the functions, by defined index: those with the most calls first, of equally many the first in the module. By the
// module alone, as partition(). `left_out`: those that no part may have copies of. Ascending.
std::vector<std::vector<uint32_t>> choose_imports(std::span<const Part> parts, const ModuleFacts& facts,
                                                  std::span<const uint32_t> left_out);

}  // namespace wherry::compiler
