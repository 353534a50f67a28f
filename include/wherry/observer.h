// Observer: told what the guests of a store do, for traces and profiles.
//
//   Config config;
//   config.advanced.observations = static_cast<uint32_t>(Observation::Calls);
//   ...
//   WHERRY_RETURN_IF_ERROR(store.set_observer(&observer));
//
// What is to be observed is an Engine's setting, because code is made for it: an engine that observes nothing runs code
// that holds no trace of this. Observers see the guest and cannot change it, but for the time it takes.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "wherry/types.h"

namespace wherry {

// A function that an Observer was told of. There is one for each function and store: its address may serve as its
// identity, and is valid until the store is gone.
struct ObservedFunction {
  // As in Frame (wherry/trap.h): names come from the guest's file and may hold any UTF-8; at most 256 bytes of each.
  // Of a function without a name, `name` is empty; of a host function it is "module.name" as it was imported.
  std::string module;
  std::string name;
  uint32_t index = 0;
  bool host = false;
  FuncType type;
};

// A function begins, with its arguments in `slots`, or ends, with its results there. A value takes ValType::slots()
// slots: integers and floats by their bits, references as the engine's own number (0: null).
struct CallEvent {
  const ObservedFunction& function;
  uint32_t depth;  // 0 for a function that the host called.
  std::span<const uint64_t> slots;
};

// An instruction is about to run.
struct InstructionEvent {
  const ObservedFunction& function;
  uint32_t depth;
  uint64_t module_offset;    // From the beginning of the module's file.
  uint64_t function_offset;  // From the beginning of the function's body.
  std::string_view text;     // As the text format writes it. Until the call returns.
};

// A look at the stack. `stack` is innermost first; of a deep one, the 64 innermost and 64 outermost functions.
struct SampleEvent {
  std::span<const ObservedFunction* const> stack;
  size_t omitted;  // Functions between the two halves.
  // Since the last sample, or since the observer was set: to be counted as time of the innermost function.
  std::chrono::nanoseconds elapsed;
};

// Implement what is of interest. Functions are called on the thread that runs the guest, which waits; they may not use
// the store.
class Observer {
 public:
  Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  virtual ~Observer() = default;

  // Observation::Calls: guests' functions, and host functions that guests call. A function that ends by a tail call, a
  // trap or an exception has no on_return; the depth of what comes next says so.
  virtual void on_call(const CallEvent&) {}
  virtual void on_return(const CallEvent&) {}

  // Observation::Instructions: each instruction but `end` and `else`, in the order in which they run. They are as many as
  // units of fuel that are used, bulk operations apart.
  virtual void on_instruction(const InstructionEvent&) {}

  // Observation::Samples: about every millisecond. The innermost function is exact: time is looked at where functions
  // begin and end and where loops go round, so what elapsed belongs to one function.
  virtual void on_sample(const SampleEvent&) {}
};

}  // namespace wherry
