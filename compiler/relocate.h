#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "engine/artifact/format.h"

namespace wherry::compiler {

// A place in the text that has to be told where something else in the text is.
struct Fixup {
  uint32_t type;    // The ELF relocation type.
  uint64_t place;   // Both in bytes from the text's beginning, which will lie on a page.
  uint64_t target;  // With the addend.
};

enum class FixupFault : uint8_t {
  None,
  Unsupported,  // Absolute, or one that this compiler never makes.
  TooFar,
  Outside,     // Of the text.
  Misaligned,  // The target, for its instruction.
};

FixupFault apply(artifact::Arch arch, const Fixup& fixup, std::span<uint8_t> text);
std::string describe(FixupFault fault);

}  // namespace wherry::compiler
