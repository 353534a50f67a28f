#pragma once

#include "engine/abi/activation.h"
#include "engine/abi/context.h"

// The frames of a run, for backtraces, exceptions and the collector.
namespace wherry::interpret {

struct Frame {
  abi::Context* context;
  // A word of the instruction that the frame is at: a call, a call of the host, or what trapped.
  const abi::Cell* cell;
  uint64_t* base;
  const abi::FuncCode* code;
};

// The code that `cell` belongs to, in the module of the context's instance; null if there is none.
using FindCode = const abi::FuncCode* (*)(void* environment, abi::Context* context, const abi::Cell* cell);
// False: enough.
using VisitFrame = bool (*)(void* environment, const Frame& frame);

// Visits the frames of one crossing, innermost first, from its recorded position down to the frame that the host made.
// Frames that tail calls replaced are gone. The run must have stopped at the position: in a host function, in
// Builtins, or by a trap whose frames nobody has overwritten yet.
void walk_frames(const abi::Crossing& crossing, void* environment, FindCode find, VisitFrame visit);

}  // namespace wherry::interpret
