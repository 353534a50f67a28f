#pragma once

#include <memory>
#include <vector>

#include "engine/api/stack.h"
#include "engine/base/vector.h"
#include "wherry/observer.h"

namespace wherry::inspect {
class Disassembler;
}

namespace wherry::api {

// What stands between a store and its Observer: who is who, and how deep.
class Watcher {
 public:
  explicit Watcher(detail::StoreState& store);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  // Error: OutOfMemory if there is no thread for samples.
  Result<void> set(Observer* observer, bool samples);

  // Around each call of a host function, in stores of engines that observe.
  void host_begins(const abi::Context* caller, const HostBinding& binding, const uint64_t* slots);
  void host_ended(const abi::Context* caller, const HostBinding& binding, const uint64_t* slots);

 private:
  struct ModuleFunctions;

  static void on_observe(runtime::Store& store, abi::Context* context, abi::Observed what,
                         const uint64_t* frame);
  static void on_pause(runtime::Store& store);
  void sample(uint64_t elapsed_ns);
  // Null without memory.
  ModuleFunctions* functions_of(const abi::Context* context);
  const ObservedFunction* function_of(abi::Context* context, uint32_t index);
  const ObservedFunction* function_of(const abi::Context* caller, const HostBinding& binding);

  detail::StoreState& store_;
  Observer* observer_ = nullptr;
  bool samples_ = false;
  uint64_t last_sample_ns_ = 0;
  uint64_t host_began_ns_ = 0;            // The innermost host function, unless it calls guests.
  base::Vector<const uint64_t*> frames_;  // Bases of the functions that were entered, ascending.
  std::vector<std::unique_ptr<ModuleFunctions>> modules_;
  struct HostFunction {
    const HostBinding* binding;
    std::unique_ptr<ObservedFunction> function;
  };
  std::vector<HostFunction> hosts_;
};

}  // namespace wherry::api
