// Config: how an Engine works, and StoreLimits: what one Store may use.
//
// Both are plain structures whose defaults are right for running code that is not trusted. Set what differs:
//
//   Config config;
//   config.fuel = true;
//   config.limits.memory_bytes = 64 << 20;
//   Result<Engine> engine = Engine::create(config);
#pragma once

#include <cstdint>
#include <string_view>

#include "wherry/result.h"

namespace wherry {

// What the guests of one Store may use, all of them together. Reaching a limit is never fatal: memory.grow and
// table.grow answer -1, instantiation fails with kind Limit, a call traps.
struct StoreLimits {
  // Bytes of all linear memories, their current sizes added up, and of what instances have beside them if it is more than 64 KiB each.
  uint64_t memory_bytes = uint64_t{4} << 30;

  // Elements of all tables.
  uint64_t table_elements = 10'000'000;

  // How many of each the store may hold.
  uint32_t instances = 10'000;
  uint32_t memories = 10'000;
  uint32_t tables = 10'000;

  // Bytes of the stack on which guests keep locals and temporaries; calls that would exceed it trap with
  // "call stack exhausted". Reserved at the first call, paged in as it is used. At least 16 KiB; of more than 4 GiB, 4 GiB
  // are used.
  uint64_t stack_bytes = 1 << 20;

  // Bytes of the store's garbage-collected heap: structures, arrays, exceptions and externrefs, with what lies unused
  // between them. Address space is reserved at the first object. A guest that needs more after a collection traps with
  // TrapCode::OutOfMemory.
  uint64_t heap_bytes = uint64_t{1} << 30;

  // Let memory.grow and table.grow that are refused, by a limit or by the maximum of the type, trap with
  // TrapCode::GrowthRefused instead of answering -1.
  bool trap_on_grow_failure = false;

  // Bytes that one host call may allocate or copy on a guest's word; see Caller::charge.
  uint64_t host_call_bytes = 128 << 20;
};

// When function bodies are validated.
enum class Validation : uint8_t {
  // All at once, on several threads, when a Module is made. A Module that exists is valid.
  Eager,
  // Each body when it is first called: loading takes time by the number of sections, not by the number of
  // instructions. A call that meets an invalid body ends with an Error of kind Invalid; nothing of that body has run.
  Lazy,
};

// Optimisations of the interpreter that can be switched off one by one, to find which one a fault comes from. Results
// never depend on them. Values are single bits.
enum class Optimization : uint32_t {
  Accumulators = 1u << 0,        // keep the last result in a register rather than in its slot
  DestinationFolding = 1u << 1,  // write a result straight to the local that local.set would copy it to
  AddressFolding = 1u << 2,      // fold an address computation into the load or store
  CompareAndBranch = 1u << 3,    // fuse a comparison with the branch or select that tests it
  BranchTableIndex = 1u << 4,    // take a br_table's index from the register it is in
  PinnedLocals = 1u << 5,        // keep two integer locals in registers
  JoinedHandlers = 1u << 6,      // run frequent sequences of instructions by one handler
  PinnedFloats = 1u << 7,        // keep two f64 locals and a v128 in registers too; needs PinnedLocals
  UnreadLocals = 1u << 8,        // do not clear locals that are written before they are read
  NearHeaders = 1u << 9,         // return without looking up where the frame's header is
  RepeatedDispatch = 1u << 10,   // look up where to go on at each branch to a loop that begins with br_table
};

// All of them, for AdvancedConfig::disabled_optimizations.
inline constexpr uint32_t kAllOptimizations = (1u << 11) - 1;

// What an Observer of a store is told (wherry/observer.h). Values are single bits.
enum class Observation : uint32_t {
  Calls = 1u << 0,         // entries and returns of functions; makes calls several times as slow
  Instructions = 1u << 1,  // each instruction
  Samples = 1u << 2,       // the stack, every millisecond; costs a few per cent. Needs `interruption`.
};

// What only tests, benchmarks and unusual hosts change.
struct AdvancedConfig {
  // A set of Optimization bits.
  uint32_t disabled_optimizations = 0;

  // True: 32-bit memories reserve their whole address space (4 GiB and a guard), and hardware faults become traps
  // through a SIGSEGV and SIGBUS handler that forwards every fault that is not the engine's. False: every access is
  // compared with the size, and no signal handler is ever installed. Slower by a tenth or two.
  bool signals_based_traps = true;

  // Collect garbage at every allocation: slow, and a way to find who lost a reference.
  bool gc_stress = false;

  // A set of Observation bits: what Store::set_observer may be used for.
  uint32_t observations = 0;

  // Not 0: about half of the functions that a compiled module has native code for, chosen by this number, are interpreted
  // when they are called from outside of it. For tests of how the two work together.
  uint64_t tier_seed = 0;

  // Threads for eager validation; 0 takes one for each processor. Small modules use only the caller's.
  uint32_t validation_threads = 0;
};

// Proposals of WebAssembly, switched by name. Starts as: all of Wasm 3.0 and what is finished beyond it on, the rest
// off.
class FeatureSwitches {
 public:
  // Turns one feature on or off, or "all" of them. The names are those of `wherry run -W help`: "simd",
  // "multi-memory", "memory64", "gc", "exceptions", "threads", "wide-arithmetic", ... Errors: Usage for an unknown
  // name, with the nearest known one in the message.
  Result<void> set(std::string_view name, bool enabled);

  // Whether a feature is on. Error: Usage for an unknown name.
  Result<bool> enabled(std::string_view name) const;

  friend bool operator==(const FeatureSwitches&, const FeatureSwitches&) = default;

 private:
  friend struct FeatureAccess;  // The engine's own way in.
  uint64_t turned_on_ = 0;      // Bits by row of the engine's feature table, relative to the defaults.
  uint64_t turned_off_ = 0;
};

// How an Engine works. Copied into the Engine: later changes have no effect on it. A plain value, any thread.
struct Config {
  FeatureSwitches features;

  // Limits of Stores that are made without limits of their own.
  StoreLimits limits;

  // Count the instructions that guests execute, so that Store::set_fuel can bound them. One unit is one instruction,
  // bulk operations cost by length; the count is the same in every tier and on every machine. Off: fuel functions
  // fail with kind Usage, and nothing is counted.
  bool fuel = false;

  // Let deadlines and InterruptHandle stop guests, also within loops, bulk operations and start functions. Off:
  // set_deadline and interrupt_handle fail with kind Usage; guests run a few per cent faster.
  bool interruption = true;

  Validation validation = Validation::Eager;

  // Make every NaN that arithmetic produces the canonical one, so that results are the same on every machine. Programs
  // that compute with floats run slower; others as fast as without.
  bool nan_canonicalization = false;

  AdvancedConfig advanced;
};

}  // namespace wherry
