#pragma once

#include <string>
#include <vector>

#include "cli/options.h"

namespace wherry::cli {

// Where the program `wherryc` is: beside this one, in ../libexec/wherry, or in PATH; empty if it is nowhere.
std::string find_compiler();

// What -W, -O and the options of `compile` say about code, as arguments of wherryc.
std::vector<std::string> compiler_settings(const Invocation& invocation);

// As execve wants it; points into the strings.
std::vector<char*> pointers_to(std::vector<std::string>& arguments);

}  // namespace wherry::cli
