#pragma once

#include <cstdint>

// What running code tells an observer, when it was lowered to do so (lower::Options::observe_*).
namespace wherry::abi {

enum class Moment : uint16_t {
  Instruction,  // An instruction of Wasm is about to run: the one at `offset`.
  Enter,        // A function was entered; its arguments lie from the frame's base on.
  Return,       // It is about to return; its results lie from `slot` on.
};

// Two words of an instruction of slot code.
struct Observed {
  Moment moment;
  uint16_t slot;
  uint32_t offset;  // In the module's file.
  uint64_t function;
};
static_assert(sizeof(Observed) == 16);

}  // namespace wherry::abi
