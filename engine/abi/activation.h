#pragma once

#include <cstdint>

#include "engine/abi/context.h"

namespace wherry::abi {

// Where native code was left, for a call or by a trap; lies on the native stack of the function that it called.
struct NativeStop {
  // That function's frame: the frame pointer of the code that called, and the address at which it goes on.
  const void* const* frame;
  // The environment of the host function that runs meanwhile, if it is a call of one that leaves Activation::stack_top
  // as it was: the value stack is free from NativeEntry::stack_top on. Else null.
  const void* host;
};

// A crossing from the host into Wasm, innermost first; lies on the native stack of the function that enters.
// Backtraces, exceptions and the collector walk frames from the crossing's innermost frame down to its first.
struct Crossing {
  Crossing* outer;
  uint64_t* first_frame;  // Base of the frame that the host made.
  // Written whenever Wasm calls the host, and when a trap is raised: where the frames above `first_frame` end.
  const Cell* cell;  // A word of the calling or trapping instruction; null: no frame.
  uint64_t* frame;   // Its frame's base.
  Context* context;
  // Of a crossing into native code (`first_frame` is null, and so is `cell`): where it was left; null while it runs. Frames
  // are walked from there by frame pointers.
  NativeStop* native_stop = nullptr;
};

// Everything that belongs to one thread of guest execution and would be swapped as a whole to run another: the
// value stack, the limit of the native stack, the range that a collector scans, the chain of crossings.
struct Activation {
  uint64_t* stack_base = nullptr;
  uint64_t* stack_end = nullptr;  // One past the last slot; a guard follows.
  uint64_t* stack_top = nullptr;  // First slot not in use when the host runs (but see NativeStop::host).
  // While one of the Builtins runs that may collect: first slot that guest code does not need any more. Null: not known.
  uint64_t* live_end = nullptr;
  uintptr_t native_stack_limit = 0;  // No crossing is made below this address.
  Crossing* crossings = nullptr;
};

}  // namespace wherry::abi
