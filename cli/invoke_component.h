#pragma once

#include <span>
#include <string_view>

#include "wherry/component_instance.h"

namespace wherry::cli {

// `--invoke` of components: calls an exported function and prints its result in WAVE. `call` is the call as it is written,
// `func(1, "x")` or `ns:pkg/iface@1.0.0.func(...)`; the version and the package may be left out where one export fits. Of a
// call without parentheses `arguments` are the arguments, each a value in WAVE. Errors: Link for a function that is not there,
// Usage for arguments that do not fit; those of the call.
Result<void> invoke_component(StoreRef store, ComponentInstance instance, std::string_view call,
                              std::span<const char* const> arguments);

// The names of the functions that a component exports, the first ten; empty if there is none.
std::string exported_functions(const Component& component);

}  // namespace wherry::cli
