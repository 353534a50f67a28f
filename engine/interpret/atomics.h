#pragma once

#include "engine/interpret/dispatch.h"

// The handlers of atomics.inc, in HandlerTable::other. Those with an address have four words: handler, Slots{a}, offset
// (64 bits), {u32 byte offset of the MemoryObject* in the Context, u32 index of the memory}.
namespace wherry::interpret::atomics {

#define ATOMIC_HANDLER(name) WHERRY_HANDLER name(WHERRY_ARGS);
#define ATOMIC_LOAD(name, Memory) ATOMIC_HANDLER(name)
#define ATOMIC_STORE(name, Memory) ATOMIC_HANDLER(name)
#define ATOMIC_RMW(name, Memory, function) ATOMIC_HANDLER(name)
#define ATOMIC_CMPXCHG(name, Memory) ATOMIC_HANDLER(name)
#define ATOMIC_OTHER(name) ATOMIC_HANDLER(name)
#include "engine/interpret/atomics.inc"
#undef ATOMIC_HANDLER

}  // namespace wherry::interpret::atomics
