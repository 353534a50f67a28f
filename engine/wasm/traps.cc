// Messages of traps by code. Numbers are fixed and dense enough that a switch becomes a table.
#include "engine/wasm/traps.h"

namespace wherry::wasm {

std::string_view trap_message(TrapCode code) {
  switch (code) {
    case TrapCode::None: return "no trap";
#define TRAP(name, number, message) \
  case TrapCode::name: return message;
#include "engine/wasm/traps.inc"
  }
  return "unknown trap";
}

}  // namespace wherry::wasm
