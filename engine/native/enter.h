#pragma once

#include <cstdint>

#include "engine/abi/native.h"
#include "engine/abi/tier.h"

// Entering native code from slots, and what native code calls to get out. docs/abi.md, "Native code".
namespace wherry::native {

// Runs native code of `code`, which is ready, in `context`: arguments are in `slots` and results replace them.
// `stack_top` is the first slot of the value stack that nobody needs meanwhile. None, or why it ended: a trap, of which
// StoreState::trap knows; or UncaughtException, with StoreState::pending_exception set, whichever way the code tells. The
// activation's stack_top is unspecified afterwards. The store must be current on this thread.
//
// Also kTailCall: the code ended by calling StoreState::callee, a function of a guest, in its place, and the call is the
// caller's to make. Its arguments lie from `stack_top` on; its results are those that were asked for.
wasm::TrapCode enter(abi::Context* context, const abi::FuncCode* code, uint64_t* slots, uint64_t* stack_top);

inline constexpr auto kTailCall = static_cast<wasm::TrapCode>(~uint32_t{0});

// What Context::native points to. Constant; any thread.
extern const abi::NativeBuiltins kBuiltins;

// Ends the innermost entry with a trap, which the store is told of; its crossing says where.
[[noreturn]] void leave_by_trap(abi::StoreState* store, wasm::TrapCode trap);

// Where faults of native code go on: what FaultingCode::landing is for its text.
uintptr_t fault_landing();

}  // namespace wherry::native
