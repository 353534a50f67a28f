// opcodes.inc as an array of OpInfo. The signature column is parsed by the compiler, so that a letter it does not
// know, or a signature too long for its arrays, is a compile error in the row that has it.
#include "engine/wasm/instruction.h"

namespace wherry::wasm {

namespace {

consteval Signature parse_signature(std::string_view text) {
  Signature signature;
  if (text == "Special") {
    signature.is_special = true;
    return signature;
  }
  bool in_results = false;
  for (const char letter : text) {
    if (letter == '_') {
      in_results = true;
    } else if (letter != 'x') {
      if (std::string_view("ILFDVA").find(letter) == std::string_view::npos) __builtin_trap();
      if (in_results)
        signature.results[signature.result_count++] = letter;
      else
        signature.params[signature.param_count++] = letter;
    }
  }
  return signature;
}

constexpr OpInfo kRows[] = {
#define OP(name, code, text, immediate, signature, feature) \
  {code, text, Immediate::immediate, parse_signature(#signature), Feature::feature},
#include "engine/wasm/opcodes.inc"
};

}  // namespace

const OpInfo& info(Op op) { return kRows[static_cast<uint32_t>(op)]; }

uint32_t natural_align_log2(Immediate immediate) {
  switch (immediate) {
    case Immediate::MemArg2:
    case Immediate::AtomicArg2:
    case Immediate::LaneArg2: return 1;
    case Immediate::MemArg4:
    case Immediate::AtomicArg4:
    case Immediate::LaneArg4: return 2;
    case Immediate::MemArg8:
    case Immediate::AtomicArg8:
    case Immediate::LaneArg8: return 3;
    case Immediate::MemArg16: return 4;
    default: return 0;
  }
}

bool is_memory_access(Immediate immediate) {
  return immediate >= Immediate::MemArg1 && immediate <= Immediate::LaneArg8;
}

}  // namespace wherry::wasm
