#pragma once

#include <string>
#include <string_view>

#include "compiler/driver.h"

namespace wherry::compiler {

// Those of this machine, with the features that are on by default.
CompileSettings default_settings();

// Sets one of settings.inc; answers what is wrong with it, or nothing. Choose the target before its processor.
std::string set(CompileSettings* settings, std::string_view key, std::string_view value);

// A line for each, for the help text.
std::string settings_text();

}  // namespace wherry::compiler
