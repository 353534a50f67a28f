#pragma once

#include <span>

#include "component/assemble/part.h"

namespace wherry::component::assemble {

// What is left of an adapter.
struct Pruning {
  std::span<const std::string_view> exports;  // Functions.
  std::string_view
      main_realloc;  // The main module's export that allocates memory; empty: memory is grown instead.
};

// The adapter as a module with these exports and what they reach: functions, globals, types, imports. If it has a global
// `__stack_pointer`, this one gets 64 KiB of the main module's memory: on the first call of an export if there is a global
// `allocation_state` and a realloc to ask, else when the module is instantiated. Its import of the main module's
// `cabi_realloc` is the one given. An error if the adapter has what adapters do not have: segments, tags, a memory of its
// own, a use for tables, a start function, types other than of functions.
Outcome<base::Vector<uint8_t>> prune(const Part& part, const Pruning& pruning);

}  // namespace wherry::component::assemble
