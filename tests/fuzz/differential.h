#pragma once

#include <cstdint>
#include <span>

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

// Loads the module into several engines that differ in optimisations, guard pages, fuel and time of validation,
// satisfies its imports, calls every export with arguments made from `arguments`, and ends the process with a message
// if the runs differ in outcome, results, fuel left, memories, globals or tables.
//
// Guests get 16 MiB of memory, 10,000 table elements and `fuel` instructions a call. One thread.
//
// `equivalent`, unless empty, is another module that computes the same with at most eight times the instructions: it is
// run without optimisations, and must do the same.
void run_differential(Bytes module, Bytes arguments, NanBits nan_bits, uint64_t fuel, Bytes equivalent = {});

// Prints at exit how many modules were loaded and instantiated, how calls ended, and how many instructions ran.
void print_figures_at_exit();

}  // namespace wherry::fuzz
