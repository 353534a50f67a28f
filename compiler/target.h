#pragma once

#include <string>
#include <string_view>

#include "compiler/options.h"
#include "engine/artifact/format.h"

namespace wherry::compiler {

// What of a level not every processor of the architecture has: what a loader checks. As LLVM spells it: "+sse3,+ssse3,...".
// Every name is a row of engine/artifact/cpu_features.inc.
std::string_view feature_list(CpuLevel level);
// All that code of the level is made for: what every processor has, then these.
std::string code_features(CpuLevel level);
std::string_view level_name(CpuLevel level);  // "x86-64-v3"
artifact::Arch arch_of(Architecture architecture);

}  // namespace wherry::compiler
