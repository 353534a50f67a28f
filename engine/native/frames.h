#pragma once

#include "engine/abi/activation.h"

namespace wherry::native {

// Visits the frames of a crossing into native code, innermost first: for each an address within the instruction that it
// is at (a call, or what trapped). Thunks are among them. Nothing while the native code of the crossing runs; it must
// have called NativeBuiltins, or trapped. False from `visit`: enough.
void walk_frames(const abi::Crossing& crossing, void* environment,
                 bool (*visit)(void* environment, const void* pc));

inline bool is_native(const abi::Crossing& crossing) { return crossing.first_frame == nullptr; }

}  // namespace wherry::native
