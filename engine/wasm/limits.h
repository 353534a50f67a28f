#pragma once

#include <cstdint>

namespace wherry::wasm {

// kMaxTypes and so on: the rows of engine/wasm/limits.inc.
#define LIMIT(name, value, description) inline constexpr uint32_t kMax##name = value;
#include "engine/wasm/limits.inc"

}  // namespace wherry::wasm
