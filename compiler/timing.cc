#include "compiler/timing.h"

#include <llvm/IR/PassTimingInfo.h>
#include <llvm/Pass.h>
#include <llvm/Support/Timer.h>
#include <llvm/Support/raw_ostream.h>

namespace wherry::compiler {

void enable_pass_times() { llvm::TimePassesIsEnabled = true; }

void print_pass_times() { llvm::TimerGroup::printAll(llvm::errs()); }

}  // namespace wherry::compiler
