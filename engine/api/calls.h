#pragma once

#include "engine/api/state.h"
#include "engine/runtime/outcome.h"

// Running guests, and what comes of it.
namespace wherry::api {

// What identifies the calling thread while it runs; never 0.
inline uintptr_t this_thread() { return reinterpret_cast<uintptr_t>(__builtin_thread_pointer()); }

// Marks a store as running on this thread, for as long as it lives. Nests.
class Running {
 public:
  explicit Running(detail::StoreState& state)
      : state_(state), before_(state.runner.load(std::memory_order_relaxed)) {
    if (is_allowed()) {
      state_.runner.store(this_thread(), std::memory_order_relaxed);
    }
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    if (is_allowed()) {
      state_.runner.store(before_, std::memory_order_relaxed);
    }
  }

  // False: another thread runs it.
  bool is_allowed() const { return before_ == 0 || before_ == this_thread(); }

 private:
  detail::StoreState& state_;
  uintptr_t before_;
};

Error runs_elsewhere();

// Why a run of guest code did not end well: a trap with its backtrace, the host function's failure, or our error. Finalizers run then.
Error to_public(detail::StoreState& state, const runtime::Stop& stop);

// runtime::Store::on_trap: takes down where the guest is, if the trap is to have a backtrace.
void take_backtrace(runtime::Store& store, wasm::TrapCode trap);

// What can be said of frames that collect_stack (engine/api/stack.h) took down.
Backtrace describe(const RawBacktrace& raws);

// A host function in a store. Takes over a count of `closure` (which may be null), also on failure. The type stays alive as long as
// the store, or is kept by it: index 0 of `types`. Error: OutOfMemory.
Result<abi::FuncObject*> bind_host_function(detail::StoreState& state, const wasm::CanonType& type,
                                            HostEntry entry, void* environment, Closure* closure);
Result<abi::FuncObject*> bind_host_function(detail::StoreState& state, wasm::TypeSet types, HostEntry entry,
                                            void* environment, Closure* closure);

// How a host function ended that did not end well: throws what is an exception; other failures are kept for the outermost call,
// with a backtrace while there are frames to be seen. Trap or Throw.
abi::HostStatus fail_host_call(detail::StoreState& state, Caller& caller, HostStatus status);

// NativeBuiltins::call of stores whose host functions nobody observes (engine/api/native_host.cc).
bool call_from_native(abi::Context* from, abi::FuncObject* callee, uint64_t* slots);

// A closure with its first count; the HostClosure is taken over, also on failure. Error: OutOfMemory.
Result<Closure*> share(const detail::HostClosure& closure);

// The type of a signature, in the engine's registry. Errors: Usage for too many parameters or results, OutOfMemory.
Result<wasm::TypeSet> add_type(wasm::TypeRegistry& types, SignatureView signature);

// Instantiates, with imports that are of this store. Errors: as Instance::create.
Result<Instance> instantiate(detail::StoreState& state, const Module& module,
                             std::span<const runtime::ExternValue> imports);

}  // namespace wherry::api
