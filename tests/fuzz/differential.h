#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tests/fuzz/observe.h"
#include "wherry/blob.h"

namespace wherry::fuzz {

// Whether the bits of a NaN may come out differently in two runs of this module. The bits of NaNs are not determined
// by the specification, and handlers may hand on either operand's.
enum class NanBits : uint8_t {
  Hidden,    // The module never looks at them: everything but NaNs in float values must be equal.
  MayMatter  // They can reach memory, integers or branches: then nothing is compared.
};

// What the byte sequences of float arithmetic and of instructions that show NaN bits say about a module; Hidden only
// where one of the two kinds cannot occur.
NanBits nan_bits_of(Bytes module);

// Two runs of one module that are not the same.
struct Finding {
  std::string a;
  std::string b;
  std::string difference;
  bool outvoted = false;  // A peer against this engine and another peer.
};

// Runs the module in `expected`, and in the modes that `modes` numbers, and compares. Modes without fuel run the calls that
// end within their fuel in `expected`, the first mode's run.
std::optional<Finding> compare_modes(const Input& input, const Observation& expected,
                                     std::span<const uint32_t> modes);

// The same for what was compiled from the module for `mode`, which is one of compiled_modes(). Where the state after a trap is not
// determined, a new instance makes the calls behind it, in a run of the interpreter too.
std::optional<Finding> compare_compiled(const Input& input, const Observation& expected, const Mode& mode,
                                        Bytes artifact);

// `expected` again, with the calls before the first one that runs out of fuel only; `expected` itself if none does. What is
// left then can be compared with engines that count differently or not at all. Empty if nothing is left to compare.
std::optional<Observation> without_fuel_traps(const Input& input, const Observation& expected,
                                              Input* same_calls);

// For fuzz targets: a run with everything on, one with nothing, and two that the arguments choose; ends the process with
// a message if runs differ.
//
// `equivalent`, unless empty, is another module that computes the same with at most eight times the instructions: it is
// run without optimisations, and must do the same.
void run_differential(Bytes module, Bytes arguments, NanBits nan_bits, uint64_t fuel, Bytes equivalent = {});

// Whether the equivalent of a module behaves as `expected`.
std::optional<Finding> compare_equivalent(const Input& input, const Observation& expected, Bytes equivalent);

// Prints at exit how many modules run_differential loaded and instantiated, how calls ended, and how many instructions
// ran.
void print_figures_at_exit();

}  // namespace wherry::fuzz
