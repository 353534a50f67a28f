// Calls of host functions by native code: what `native::call` and the trampoline of host.cc do, in one function and with less.
//
// A call writes down what is its own (NativeHostCall, on its stack) and where that is (Crossing::native_stop); whoever looks for more works
// it out then. The frames of native code begin where this function's frame says; the value stack is free from
// NativeEntry::stack_top on, which a call into a guest finds (Store::open_stack); a scope for objects that the function
// holds is opened by the first of them.
//
// Everything else (a function of a guest, a native stack that is at its end) is left to `native::call`, which gets the same frame.
#include <cassert>
#include <cstddef>
#include <memory>
#include <new>

#include "engine/api/calls.h"
#include "engine/native/enter.h"

namespace wherry::api {

namespace {

// The end of a call that failed, or that has something to give back; destroys `call`. A trap gives up the caller's frame, too.
[[gnu::noinline]] bool finish(NativeHostCall& call, HostStatus status) {
  detail::StoreState& state = *static_cast<const HostBinding*>(call.host)->store;
  abi::StoreState& running = state.runtime->state();
  const abi::HostStatus outcome =
      status == HostStatus::Ok ? abi::HostStatus::Ok : fail_host_call(state, call.caller, status);
  if (call.roots_scope != NativeHostCall::kNoScope) {
    state.runtime->heap().roots().close_scope(call.roots_scope);
  }
  std::destroy_at(&call);
  running.native_entry->crossing.native_stop = nullptr;
  if (outcome == abi::HostStatus::Trap) {
    native::leave_by_trap(&running, wasm::TrapCode::HostError);
  }
  return outcome == abi::HostStatus::Ok;
}

}  // namespace

// Where it begins in a line of the cache is worth 0.2 ns of 5.
[[gnu::aligned(64)]] bool call_from_native(abi::Context* from, abi::FuncObject* callee, uint64_t* slots) {
  abi::StoreState* const store = from->store;
  const auto* const frame = static_cast<const void* const*>(__builtin_frame_address(0));
  if (callee->func_index != abi::FuncObject::kHostFunction ||
      reinterpret_cast<uintptr_t>(frame) < store->native_stack_limit) [[unlikely]] {
    [[clang::musttail]] return native::kBuiltins.call(from, callee, slots);
  }
  // SAFETY: an object with this func_index is the first member of a HostFuncObject, and bind_host_function makes all of them.
  const auto& binding =
      *static_cast<const HostBinding*>(reinterpret_cast<const abi::HostFuncObject*>(callee)->environment);
  // Not destroyed here: a call that has nothing to give back has nothing to destroy either.
  alignas(NativeHostCall) std::byte memory[sizeof(NativeHostCall)];
  auto& call = *new (memory) NativeHostCall{{.frame = frame, .host = &binding},
                                            CallerAccess::make(binding.store, from->instance)};
  abi::NativeEntry* const entry = store->native_entry;
  entry->crossing.context = from;
  entry->crossing.native_stop = &call;
  const HostStatus status = binding.entry(binding.environment, call.caller, slots);
  // Whoever is told of an exception takes it (Store::stop).
  assert(status != HostStatus::Ok || entry->crossing.context->store->pending_exception == abi::kNullRef);
  if (status != HostStatus::Ok || call.roots_scope != NativeHostCall::kNoScope ||
      CallerAccess::has_failed(call.caller)) [[unlikely]] {
    return finish(call, status);
  }
  entry->crossing.native_stop = nullptr;
  return true;
}

}  // namespace wherry::api
