#pragma once

#include <cstdint>
#include <string_view>

#include "engine/artifact/format.h"

namespace wherry::artifact {

// What code runs on: this program's own architecture.
Arch host_arch();
std::string_view arch_name(Arch arch);  // Empty for what is none.

// A feature of `features` (bits of cpu_features.inc for host_arch()) that this processor has not; empty: it has all.
std::string_view missing_feature(const uint64_t (&features)[2]);

// Sets the bits of features that are named in LLVM's way, "+avx2,+bmi"; false if one is not in the table. "-..." is left out.
bool add_features(Arch arch, std::string_view names, uint64_t (&features)[2]);

}  // namespace wherry::artifact
