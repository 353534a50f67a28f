#pragma once

#include "engine/abi/context.h"

namespace wherry {

// NativeBuiltins::look of an engine that uses each register which the C convention lets it use: what `lose_registers` ends in.
extern "C" void (*wherry_test_look)(abi::Context* context);
void lose_registers(abi::Context* context);

}  // namespace wherry
