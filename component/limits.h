#pragma once

#include <cstdint>

namespace wherry::component {

// kMaxTypeDepth and so on: the rows of component/limits.inc.
#define LIMIT(name, value, description) inline constexpr uint32_t kMax##name = value;
#include "component/limits.inc"

}  // namespace wherry::component
