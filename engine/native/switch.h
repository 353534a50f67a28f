#pragma once

#include "engine/abi/native.h"

// The way into native code and the ways out of it that skip frames. One implementation a target: switch_x86_64.cc,
// switch_aarch64.cc.
namespace wherry::native {

// Puts down the registers that a function of the C convention preserves, their place in `entry->stack_pointer`, and calls
// `thunk(slots, context, target)`. Returns 0 when the thunk does, or what somebody says to `leave`.
extern "C" uint32_t wherry_native_switch(uint64_t* slots, abi::Context* context, const void* target,
                                         abi::NativeEnter thunk, abi::NativeEntry* entry);

// Lets the wherry_native_switch of `entry`, which must be in progress further out on this stack, return `result`. Frames
// in between are simply given up.
extern "C" [[noreturn]] void wherry_native_leave(const abi::NativeEntry* entry, uint32_t result);

}  // namespace wherry::native
