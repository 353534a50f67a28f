#pragma once

#include <cstdint>

namespace wherry::compiler {

enum class Architecture : uint8_t { X86_64, AArch64 };

// What the code may use beyond the architecture itself; always given to LLVM as a list of features, never as a CPU's name.
enum class CpuLevel : uint8_t {
  X86_64_V2,  // Up to SSE4.2 and popcnt.
  X86_64_V3,  // AVX2, BMI, FMA (which nothing contracts to), lzcnt, movbe.
  Armv8_2,    // With LSE atomics and dot products.
};

// Values: results, the trap that happens, its code and its order with calls are exact; memory and globals written between the
// last call and a trap are not determined. Exact: these too.
enum class TrapPrecision : uint8_t { Values, Exact };

// How native code is made. Everything here is part of an artifact's key.
struct Options {
  Architecture architecture = Architecture::X86_64;
  CpuLevel cpu = CpuLevel::X86_64_V3;
  TrapPrecision trap_precision = TrapPrecision::Values;
  uint8_t optimization = 2;  // 0 or 2.

  bool guard_pages = true;            // 32-bit accesses to memories of 64 KiB pages rely on their guard.
  bool fuel = false;                  // Count fuel.
  bool interruption = false;          // Look at the deadline at function entries and loop headers.
  bool nan_canonicalization = false;  // Let every NaN that an instruction makes be the canonical one.
};

}  // namespace wherry::compiler
