#pragma once

#include "engine/interpret/dispatch.h"

// Frames of functions whose locals take too many slots for ordinary operands; see wide.cc.
namespace wherry::interpret {

WHERRY_HANDLER wide_enter(WHERRY_ARGS);
WHERRY_HANDLER wide_leave(WHERRY_ARGS);
WHERRY_HANDLER wide_shrink(WHERRY_ARGS);

// Whether a return cell belongs to the second frame of such a function: its operands say where the first one is.
bool leaves_wide_frame(const Cell* cell);

}  // namespace wherry::interpret
