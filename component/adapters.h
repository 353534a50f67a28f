#pragma once

#include "component/flat.h"

namespace wherry::component {

// Makes FlatComponent::adapters, and says in its canonical functions which adapter stands for them. Everything else must be there
// already. False: no memory.
[[nodiscard]] bool make_adapters(const ValidComponent& valid, FlatComponent* flat);

}  // namespace wherry::component
