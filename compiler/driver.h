#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/options.h"
#include "engine/base/bytes.h"
#include "engine/base/result.h"
#include "engine/base/vector.h"
#include "engine/wasm/features.h"

namespace wherry::compiler {

struct CompileSettings {
  Options options;
  wasm::Features features;
  uint32_t threads = 0;  // 0: as many as processors. The artifact does not depend on it.
  // Functions that are left to the interpreter although they could be compiled: each with probability one half, by this seed.
  // For tests of tiers that call each other.
  bool leaves_out_randomly = false;
  uint64_t leave_out_seed = 0;

  // Told of each unit that is done, in bytes of function bodies; calls come one at a time, from any thread.
  void (*progress)(void* context, uint64_t done_bytes, uint64_t all_bytes) = nullptr;
  void* progress_context = nullptr;
};

// Compiles a module: validates all of it, cuts it into units, compiles these in parallel and joins them. The same module, options and
// version give the same bytes. Errors: those of decoding and validation with their offsets, OutOfMemory, CompilerFault. What
// cannot be compiled, or would take too long, is left to the interpreter and no error.
base::Result<base::Vector<uint8_t>> compile(base::ByteSpan wasm, const CompileSettings& settings);

// The forms that are for people. One unit after the other.
enum class TextForm : uint8_t { EmittedIr, OptimizedIr, Assembly };
base::Result<std::string> compile_to_text(base::ByteSpan wasm, const CompileSettings& settings,
                                          TextForm form);

// The ELF objects of the units, one after the other.
base::Result<std::vector<std::vector<char>>> compile_to_objects(base::ByteSpan wasm,
                                                                const CompileSettings& settings);

// The settings that code depends on, as they stand in an artifact's header: "target=x86-64 cpu=x86-64-v3 ...".
std::string describe(const CompileSettings& settings);

}  // namespace wherry::compiler
