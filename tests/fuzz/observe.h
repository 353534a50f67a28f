#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wherry/blob.h"
#include "wherry/config.h"

namespace wherry::fuzz {

// A way to run a module that may not change what it does.
struct Mode {
  std::string_view name;
  uint32_t disabled = 0;  // A set of Optimization bits.
  bool guard = true;      // Guard pages rather than checks.
  bool fuel = true;
  bool deadline = false;  // Interruptible, with a deadline that is not met.
  Validation validation = Validation::Eager;
  bool gc_stress = false;  // A collection at every allocation.
  bool nan = false;        // Every NaN is made canonical.

  // What wherryc is told, apart from what follows from the other members; empty: everything is interpreted.
  std::string_view compiled = "";
  // The state after a trap is determined. If not, a run goes on with a new instance then.
  bool exact_traps = true;
  uint64_t tier_seed = 0;  // Some functions are interpreted when called from outside.
};

// What an embedder can see of one run, as lines of text: the outcome of instantiation and of each call, then memories,
// globals and tables that are exported. NaNs are "nan": their bits are not determined.
struct Observation {
  std::vector<std::string> lines;
  std::vector<uint64_t> fuel_left;  // After instantiation and each call; empty without fuel.
  bool loaded = false;
  bool instantiated = false;
  // The run ended early, behind the last line, because of something in which runs may differ: an exhausted stack or
  // lack of memory.
  bool cut = false;
  // The number of calls before the first that ran out of fuel; all of them otherwise.
  uint32_t calls_with_fuel = 0;
  uint32_t calls = 0;
  uint32_t returned = 0;
  bool trapped = false;  // In a call, and the state may depend on where: no exception, no trap of the host.
  uint64_t instructions = 0;  // Of all calls; 0 without fuel.
};

struct Input {
  Bytes module;
  Bytes arguments;  // Numbers that calls and host functions use are made from these.
  uint64_t fuel = 20'000;
  uint32_t most_calls = ~uint32_t{0};
  // After a trap of the guest the remaining calls are made in a new instance, and the trapped one's state is not looked at.
  bool new_instance_after_trap = false;
  Bytes artifact = {};  // What was compiled from the module, for modes that want it.
};

// Loads the module, satisfies its imports, calls each of its first 16 exported functions twice with arguments made from
// `input.arguments`, and looks at what is there then. Host functions return numbers, call the first export and trap, as the
// number of their calls says. Guests get 16 MiB of memory, 10,000 table elements, 1 MiB of stack and `fuel` instructions a
// call. The rules are those of tests/fuzz/peers/src/lib.rs. One thread.
Observation observe(const Mode& mode, const Input& input);

// The kind of the trap or error of a line in words that other engines share; the line itself if there is none.
std::string common_words(const std::string& line);

// Every mode that interprets: all optimisations, none of them, each of them missing, with guard pages and with checks, with and without
// fuel and deadline, collecting at every allocation. The first has everything on, the second nothing.
std::span<const Mode> all_modes();

// Those with compiled code: trap precisions, optimised or not, with fuel, deadlines, checks, for older processors, canonical
// NaNs, and with functions of both tiers. The first two are the main ones.
std::span<const Mode> compiled_modes();

// The settings of wherryc for a mode: its own, and those that follow from the other members.
std::string settings_of(const Mode& mode);

// What differs between two observations as a line of text; empty if nothing does. Fuel is compared if both have it.
std::string difference(const Observation& a, const Observation& b);

// Whether a run may end with an error that is no trap, such as a value that the API cannot hold: comparing ends there then.
enum class Errors : uint8_t { Differ, EndComparison };

// The same for an engine that speaks `common_words`: `theirs` is its text, in lines.
std::string difference_from_peer(const Observation& ours, std::string_view theirs,
                                 Errors errors = Errors::Differ);

}  // namespace wherry::fuzz
