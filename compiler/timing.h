#pragma once

#include <string>

namespace llvm {
class PassInstrumentationCallbacks;
}

namespace wherry::compiler {

// LLVM's own clocks around its passes. Of the whole process, and for compilations on one thread; call before anything is
// compiled.
void enable_pass_times();
// Puts clocks around the passes over IR that will be run with these callbacks; nothing unless they are enabled.
void time_passes(llvm::PassInstrumentationCallbacks& callbacks);
// The tables, which begin anew.
std::string take_pass_times();

}  // namespace wherry::compiler
