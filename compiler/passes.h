#pragma once

#include <string>

#include <llvm/IR/PassManager.h>

#include "engine/wasm/traps.h"

namespace wherry::compiler {

// The attribute of thunks: passes over IR leave them out.
inline constexpr const char* kThunkAttribute = "wherry-thunk";

// Sees to it that loads of guarded memory keep their traps (pin_loads.cc). The marks that the emitter puts behind each load
// are resolved: in loops that may be vectorized when `Stage::BeforeVectorizer`, all others and what is left at the end.
struct PinLoads : llvm::PassInfoMixin<PinLoads> {
  enum class Stage { BeforeVectorizer, Last };
  explicit PinLoads(Stage stage) : stage(stage) {}
  llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses);
  static bool isRequired() { return true; }

  Stage stage;
};

// What the function is called that a trap of one kind calls (UnitContext::trap_function), by which passes know it again.
std::string trap_name(wasm::TrapCode code);

// Makes NaNs quiet behind operations that LLVM may take for their operand (quiet_nans.cc). Before all passes.
void quiet_nans(llvm::Module& module);

// Looks at the deadline at function entries and in loops (docs/abi.md, "Metering"). Behind the vectorizer, which gives up on
// loops with such tests.
struct DeadlineChecks : llvm::PassInfoMixin<DeadlineChecks> {
  llvm::PreservedAnalyses run(llvm::Module& module, llvm::ModuleAnalysisManager& analyses);
  static bool isRequired() { return true; }
};

// Tells the unroller to repeat loops of which a test of the deadline would be a large part.
struct RepeatSmallLoops : llvm::PassInfoMixin<RepeatSmallLoops> {
  llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses);
};

// Whether an instruction does nothing but keep a function's context from being dropped (FunctionEmitter::keep_context).
bool keeps_context(const llvm::Instruction& instruction);

}  // namespace wherry::compiler
