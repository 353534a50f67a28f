// Caller: what a host function sees of the guest that called it.
#pragma once

#include <cstdint>
#include <string_view>

#include "wherry/extern.h"
#include "wherry/memory.h"
#include "wherry/result.h"
#include "wherry/store.h"

namespace wherry {

class Instance;

// How a host function ended, for functions in the low-level form HostEntry; those written with typed signatures return
// values and Results instead. The numbers are stable.
enum class HostStatus : uint32_t {
  // The results are in the slots.
  Ok = 0,

  // It failed with the Error given to Caller::fail: a trap, an exit, or an error of the host. The slots are ignored.
  Trap = 1,

  // It has started something and will answer later. Reserved: a guest cannot be suspended yet, and the engine
  // ends the call with an Error of kind Unsupported. The number is fixed so that a host function compiled today keeps
  // its meaning when it can.
  Pending = 2,
};

// The call in progress, as a host function sees it. It is a StoreRef: fuel, deadline, check_interrupt and the host's
// data are members, and it can be passed wherever a store is asked for, also to call back into the guest.
//
// Made by the engine for each call; valid until the host function returns; not to be kept, copied or passed to another
// thread.
//
// Corresponds to `wasmtime::Caller`; the specification has no such thing.
class Caller : public StoreRef {
 public:
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  // The instance whose code called. Error: Usage if the embedder called the host function itself.
  Result<Instance> instance() const;

  // An export of the calling instance. Errors: Link if there is none of that name; as instance().
  Result<Extern> get(std::string_view name) const;

  // The bytes of the memory that the calling instance exports as "memory", which is where guests of WASI and most
  // other hosts keep the data that they pass by address. A few nanoseconds: found once for each instance. See
  // MemoryView for how long it may be used. Errors: Link if there is no such memory; Usage if it is shared; as
  // instance().
  Result<MemoryView> memory() const;

  // The same, also of a shared memory, whose bytes other threads may change at any moment: for hosts that are written
  // for that. They copy what they look at before they look, and hand the rest to the system unseen (a buffer that is
  // written to a file). Errors: as memory(), but for shared ones.
  Result<MemoryView> racing_memory(bool& is_shared) const;

  // Accounts for host memory that this call is about to allocate, or bytes it is about to copy, because a guest said
  // so; call it before doing so. Error: a trap HostCallBudget when the sum over this call exceeds
  // StoreLimits::host_call_bytes. Each call starts at zero.
  Result<void> charge(uint64_t bytes);

  // For HostEntry functions: `return caller.fail(Error::exit(1));`. Keeps the error and returns HostStatus::Trap.
  HostStatus fail(Error error) {
    failure_ = std::move(error);
    return HostStatus::Trap;
  }

 private:
  friend struct CallerAccess;  // The engine's own way in.
  Caller(detail::StoreState* store, void* instance) : StoreRef(store), instance_(instance) {}

  void* instance_;  // The engine's; null if the embedder called.
  uint64_t charged_ = 0;
  Result<void> failure_;
};

// What the engine calls, in the end, for each host function. `slots` holds the parameters and takes the results, as
// detail/slots.h says. `environment` is what the function was defined with.
using HostEntry = HostStatus (*)(void* environment, Caller& caller, uint64_t* slots);

}  // namespace wherry
