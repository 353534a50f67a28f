#pragma once

namespace wherry::compiler {

// LLVM's own clocks around its passes. Of the whole process; call before anything is compiled.
void enable_pass_times();
// Writes the tables to standard error.
void print_pass_times();

}  // namespace wherry::compiler
