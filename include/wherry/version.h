// The version of these headers and of the library that is linked.
//
// Versions follow SemVer over this API: within a major number, source that compiles keeps compiling and keeps its
// meaning. While the major number is 0, the minor number plays that part.
#pragma once

#include <cstdint>
#include <string_view>

#define WHERRY_VERSION_MAJOR 0
#define WHERRY_VERSION_MINOR 1
#define WHERRY_VERSION_PATCH 0
#define WHERRY_VERSION_STRING "0.1.0"

namespace wherry {

// The version of the linked library, such as "0.1.0". Differs from WHERRY_VERSION_STRING when a program runs with
// another shared library than it was compiled for. Any thread; the text lives as long as the process.
std::string_view version();

}  // namespace wherry
