#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "engine/wasm/features.h"
#include "wherry/wherry.h"

// The one door from the engine into the private parts of public classes: these structures are their friends. Nothing
// outside engine/api includes this.
namespace wherry {

namespace api {
struct Thrown;
}

struct ErrorAccess {
  // Whether it is a trap without a backtrace.
  static bool wants_frames(const Error& error) {
    return error.trap() != nullptr && error.trap()->frames.empty();
  }
  // An error of kind Exception.
  static Error exception(ExnRef exception, std::string_view message,
                         std::shared_ptr<const api::Thrown> thrown);
  // Gives a trap its backtrace.
  static void set_frames(Error& error, std::vector<Frame> frames, uint32_t omitted);
};

struct FeatureAccess {
  // Which features a Config switches on.
  static wasm::Features of(const FeatureSwitches& switches);
};

struct EngineAccess {
  // Takes over a count.
  static Engine adopt(detail::EngineState* state) { return Engine(state); }
  static detail::EngineState* state(const Engine& engine) { return engine.state_.get(); }
};

struct ModuleAccess {
  static Module adopt(detail::ModuleState* state) { return Module(state); }
  static detail::ModuleState* state(const Module& module) { return module.state_.get(); }
};

struct StoreAccess {
  // Null for a store that was moved from.
  static detail::StoreState* state(StoreRef store) { return store.state_; }
  static StoreRef ref(detail::StoreState* state) { return StoreRef(state); }
};

struct HandleAccess {
  template <class T>
  static detail::Handle of(const T& object) {
    return object.handle_;
  }
  template <class T>
  static T make(detail::Handle handle) {
    T object;
    object.handle_ = handle;
    return object;
  }
  static MemoryView view(uint8_t* base, uint64_t size) { return MemoryView(base, size); }
};

struct SharedMemoryAccess {
  // Takes over a count.
  static SharedMemory adopt(detail::SharedMemoryState* state) { return SharedMemory(state); }
  static detail::SharedMemoryState* state(const SharedMemory& memory) { return memory.state_.get(); }
};

struct CallerAccess {
  // The call in progress: lives on the native stack of the function that enters a host function.
  static Caller make(detail::StoreState* store, void* instance) { return Caller(store, instance); }
  static void* instance(const Caller& caller) { return caller.instance_; }
  // What fail() was given; success if it was not called.
  static Result<void> take_failure(Caller& caller) { return std::move(caller.failure_); }
  static bool has_failed(const Caller& caller) { return !caller.failure_.ok(); }
};

struct LinkerAccess {
  static detail::LinkerState* state(const Linker& linker) { return linker.state_; }
  static InstancePre adopt(detail::PreState* state) { return InstancePre(state); }
  static detail::PreState* state(const InstancePre& pre) { return pre.state_.get(); }
};

}  // namespace wherry
