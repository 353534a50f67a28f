#pragma once

#include "engine/api/state.h"

// Who is on the stacks of a store that stands still: guests and host functions, innermost first.
namespace wherry::api {

// All crossings of the store, so that a guest that a host function called back shows the whole way.
void collect_stack(detail::StoreState& state, RawBacktrace* stack);

// Name, index and kind of a host function, as its caller imported it.
void describe_host(const RawFrame& raw, Frame* frame);

inline runtime::Instance* instance_of(const abi::Context* context) {
  return static_cast<runtime::Instance*>(context->instance);
}

inline const detail::ModuleState& module_of(const abi::Context* context) {
  return *static_cast<const detail::ModuleState*>(instance_of(context)->owner());
}

}  // namespace wherry::api
