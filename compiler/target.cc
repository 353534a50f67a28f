// Processors by what they have, never by name: a name means something else in every release of LLVM, and includes what nobody
// checks at load. The levels are those of the x86-64 psABI, and Armv8.2 as server processors since 2019 have it.
#include "compiler/target.h"

namespace wherry::compiler {

namespace {

#define WHERRY_V2 "+sse3,+ssse3,+sse4.1,+sse4.2,+popcnt,+cx16,+sahf"

}  // namespace

std::string_view feature_list(CpuLevel level) {
  switch (level) {
    case CpuLevel::X86_64_V2: return WHERRY_V2;
    case CpuLevel::X86_64_V3: return WHERRY_V2 ",+avx,+avx2,+bmi,+bmi2,+f16c,+fma,+lzcnt,+movbe";
    case CpuLevel::Armv8_2: return "+crc,+lse,+rdm";
  }
  return {};
}

std::string code_features(CpuLevel level) {
  std::string features;
  switch (level) {
    case CpuLevel::X86_64_V2: features = "+64bit,+cmov,+cx8,+fxsr,+sse,+sse2,+crc32,"; break;
    case CpuLevel::X86_64_V3: features = "+64bit,+cmov,+cx8,+fxsr,+sse,+sse2,+crc32,+xsave,"; break;
    case CpuLevel::Armv8_2: features = "+v8.2a,+fp-armv8,+neon,"; break;
  }
  return features.append(feature_list(level));
}

std::string_view level_name(CpuLevel level) {
  switch (level) {
    case CpuLevel::X86_64_V2: return "x86-64-v2";
    case CpuLevel::X86_64_V3: return "x86-64-v3";
    case CpuLevel::Armv8_2: return "armv8.2";
  }
  return {};
}

artifact::Arch arch_of(Architecture architecture) {
  return architecture == Architecture::X86_64 ? artifact::Arch::X86_64 : artifact::Arch::Aarch64;
}

}  // namespace wherry::compiler
