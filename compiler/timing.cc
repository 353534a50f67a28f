// Where the time of compiling goes.
//
// LLVM has clocks for passes of code generation, one for each pass of each unit. Those over IR print a table a unit when its pass manager
// dies, which nobody could add up; so these get timers by name that LLVM keeps for the process. A pass that runs others
// (an adaptor) has none.
#include "compiler/timing.h"

#include <llvm/ADT/Any.h>
#include <llvm/IR/PassInstrumentation.h>
#include <llvm/IR/PassTimingInfo.h>
#include <llvm/Pass.h>
#include <llvm/Support/Timer.h>
#include <llvm/Support/raw_ostream.h>

#include <memory>
#include <vector>

namespace wherry::compiler {

namespace {

bool runs_others(llvm::StringRef pass) {
  return pass.contains("Adaptor") || pass.contains("PassManager") || pass.contains("Wrapper");
}

}  // namespace

void enable_pass_times() { llvm::TimePassesIsEnabled = true; }

void time_passes(llvm::PassInstrumentationCallbacks& callbacks) {
  if (!llvm::TimePassesIsEnabled) return;
  // One inside of the other, when a pass runs others without being called an adaptor.
  const auto open = std::make_shared<std::vector<std::unique_ptr<llvm::NamedRegionTimer>>>();
  callbacks.registerBeforeNonSkippedPassCallback([open](llvm::StringRef pass, const llvm::Any&) {
    if (runs_others(pass)) return;
    open->push_back(std::make_unique<llvm::NamedRegionTimer>(pass, pass, "wherry", "Passes over IR", true));
  });
  const auto end = [open](llvm::StringRef pass) {
    if (!runs_others(pass) && !open->empty()) open->pop_back();
  };
  callbacks.registerAfterPassCallback(
      [end](llvm::StringRef pass, const llvm::Any&, const llvm::PreservedAnalyses&) { end(pass); });
  callbacks.registerAfterPassInvalidatedCallback(
      [end](llvm::StringRef pass, const llvm::PreservedAnalyses&) { end(pass); });
}

std::string take_pass_times() {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::TimerGroup::printAll(stream);
  llvm::TimerGroup::clearAll();
  return text;
}

}  // namespace wherry::compiler
