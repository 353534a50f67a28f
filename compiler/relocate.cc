// Relocations that are relative to the program counter (x86-64 psABI 4.4; ELF for the Arm 64-bit Architecture 5.7). All others are
// refused by name. Arithmetic is modulo 2^64: addends are negative as often as not.
#include "compiler/relocate.h"

#include <cstring>

#include <llvm/BinaryFormat/ELF.h>

namespace wherry::compiler {

namespace {

bool fits(int64_t value, uint32_t bits) {
  const int64_t limit = int64_t{1} << (bits - 1);
  return value >= -limit && value < limit;
}

template <class T>
FixupFault put(std::span<uint8_t> text, uint64_t place, T value) {
  if (place > text.size() || text.size() - place < sizeof(T)) return FixupFault::Outside;
  std::memcpy(text.data() + place, &value, sizeof(T));
  return FixupFault::None;
}

template <class T>
FixupFault put_relative(std::span<uint8_t> text, const Fixup& fixup) {
  const auto distance = static_cast<int64_t>(fixup.target - fixup.place);
  if (sizeof(T) < 8 && !fits(distance, sizeof(T) * 8)) return FixupFault::TooFar;
  return put(text, fixup.place, static_cast<T>(distance));
}

// Replaces `bits` bits from `shift` on of the instruction at the place.
FixupFault put_field(std::span<uint8_t> text, uint64_t place, uint64_t value, uint32_t shift, uint32_t bits) {
  if (place > text.size() || text.size() - place < 4) return FixupFault::Outside;
  const auto mask = static_cast<uint32_t>(((uint64_t{1} << bits) - 1) << shift);
  uint32_t instruction;
  std::memcpy(&instruction, text.data() + place, 4);
  instruction = (instruction & ~mask) | (static_cast<uint32_t>(value << shift) & mask);
  return put(text, place, instruction);
}

// Branches: a distance in instructions.
FixupFault put_branch(std::span<uint8_t> text, const Fixup& fixup, uint32_t shift, uint32_t bits) {
  const auto distance = static_cast<int64_t>(fixup.target - fixup.place);
  if (distance % 4 != 0) return FixupFault::Misaligned;
  if (!fits(distance / 4, bits)) return FixupFault::TooFar;
  return put_field(text, fixup.place, static_cast<uint64_t>(distance / 4), shift, bits);
}

// adr and adrp: a distance of 21 bits in two parts.
FixupFault put_adr(std::span<uint8_t> text, uint64_t place, int64_t distance) {
  if (!fits(distance, 21)) return FixupFault::TooFar;
  const FixupFault low = put_field(text, place, static_cast<uint64_t>(distance) & 3, 29, 2);
  return low != FixupFault::None ? low : put_field(text, place, static_cast<uint64_t>(distance) >> 2, 5, 19);
}

// The lowest 12 bits of the target, which are the same wherever the text lies, in units of the access.
FixupFault put_low12(std::span<uint8_t> text, const Fixup& fixup, uint32_t size_log2) {
  const uint64_t low = fixup.target & 0xfff;
  if ((low & ((1u << size_log2) - 1)) != 0) return FixupFault::Misaligned;
  return put_field(text, fixup.place, low >> size_log2, 10, 12);
}

FixupFault apply_x86_64(const Fixup& fixup, std::span<uint8_t> text) {
  switch (fixup.type) {
    case llvm::ELF::R_X86_64_NONE: return FixupFault::None;
    case llvm::ELF::R_X86_64_PC32:
    case llvm::ELF::R_X86_64_PLT32: return put_relative<int32_t>(text, fixup);
    case llvm::ELF::R_X86_64_PC64: return put_relative<int64_t>(text, fixup);
    default: return FixupFault::Unsupported;
  }
}

FixupFault apply_aarch64(const Fixup& fixup, std::span<uint8_t> text) {
  switch (fixup.type) {
    case llvm::ELF::R_AARCH64_NONE: return FixupFault::None;
    case llvm::ELF::R_AARCH64_PREL64: return put_relative<int64_t>(text, fixup);
    case llvm::ELF::R_AARCH64_PREL32: return put_relative<int32_t>(text, fixup);
    case llvm::ELF::R_AARCH64_PREL16: return put_relative<int16_t>(text, fixup);
    case llvm::ELF::R_AARCH64_CALL26:
    case llvm::ELF::R_AARCH64_JUMP26: return put_branch(text, fixup, 0, 26);
    case llvm::ELF::R_AARCH64_CONDBR19:
    case llvm::ELF::R_AARCH64_LD_PREL_LO19: return put_branch(text, fixup, 5, 19);
    case llvm::ELF::R_AARCH64_TSTBR14: return put_branch(text, fixup, 5, 14);
    case llvm::ELF::R_AARCH64_ADR_PREL_LO21:
      return put_adr(text, fixup.place, static_cast<int64_t>(fixup.target - fixup.place));
    case llvm::ELF::R_AARCH64_ADR_PREL_PG_HI21:
      return put_adr(text, fixup.place,
                     static_cast<int64_t>(fixup.target >> 12) - static_cast<int64_t>(fixup.place >> 12));
    case llvm::ELF::R_AARCH64_ADD_ABS_LO12_NC:
    case llvm::ELF::R_AARCH64_LDST8_ABS_LO12_NC: return put_low12(text, fixup, 0);
    case llvm::ELF::R_AARCH64_LDST16_ABS_LO12_NC: return put_low12(text, fixup, 1);
    case llvm::ELF::R_AARCH64_LDST32_ABS_LO12_NC: return put_low12(text, fixup, 2);
    case llvm::ELF::R_AARCH64_LDST64_ABS_LO12_NC: return put_low12(text, fixup, 3);
    case llvm::ELF::R_AARCH64_LDST128_ABS_LO12_NC: return put_low12(text, fixup, 4);
    default: return FixupFault::Unsupported;
  }
}

}  // namespace

FixupFault apply(artifact::Arch arch, const Fixup& fixup, std::span<uint8_t> text) {
  return arch == artifact::Arch::X86_64 ? apply_x86_64(fixup, text) : apply_aarch64(fixup, text);
}

std::string describe(FixupFault fault) {
  switch (fault) {
    case FixupFault::None: return "nothing";
    case FixupFault::Unsupported: return "not relative to the program counter";
    case FixupFault::TooFar: return "too far away";
    case FixupFault::Outside: return "outside of its section";
    case FixupFault::Misaligned: return "the target is not aligned";
  }
  return {};
}

}  // namespace wherry::compiler
