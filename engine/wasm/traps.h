#pragma once

#include <cstdint>
#include <string_view>

namespace wherry::wasm {

// A row of engine/wasm/traps.inc; None is no trap.
enum class TrapCode : uint32_t {
  None = 0,
#define TRAP(name, number, message) name = number,
#include "engine/wasm/traps.inc"
};

std::string_view trap_message(TrapCode code);

}  // namespace wherry::wasm
