#pragma once

#include "engine/interpret/dispatch.h"

namespace wherry::interpret::other {

#define OTHER(name) WHERRY_HANDLER name(WHERRY_ARGS);
#include "engine/interpret/other.inc"

}  // namespace wherry::interpret::other
