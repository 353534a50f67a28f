#pragma once

#include <string>

#include <llvm/Analysis/AliasAnalysis.h>
#include <llvm/IR/PassManager.h>

#include "engine/wasm/traps.h"

namespace llvm {
class MachineFunctionPass;
}

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

// Makes copies of eight bytes that were written four by four copies of four (split_copies.cc).
struct SplitCopies : llvm::PassInfoMixin<SplitCopies> {
  llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses);
};

// Takes what a loop does not change of an index out of it (split_indices.cc). In front of what moves such things out of loops.
struct SplitIndices : llvm::PassInfoMixin<SplitIndices> {
  llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses);
};

// Rolls up again what the producer unrolled of loops that only add up (reroll_sums.cc), for the vectorizer.
struct RerollSums : llvm::PassInfoMixin<RerollSums> {
  llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses);
};

// What LLVM's own alias analyses do not know of addresses in linear memory (memory_alias.cc). Same places are told
// only while `*tells_same`.
class LinearMemoryAliases : public llvm::AAResultBase {
 public:
  LinearMemoryAliases(const llvm::DataLayout& layout, const bool* tells_same)
      : layout_(&layout), tells_same_(tells_same) {}
  llvm::AliasResult alias(const llvm::MemoryLocation& left, const llvm::MemoryLocation& right,
                          llvm::AAQueryInfo& query, const llvm::Instruction* context) const;
  // It keeps nothing of the function.
  static bool invalidate(llvm::Function&, const llvm::PreservedAnalyses&,
                         llvm::FunctionAnalysisManager::Invalidator&) {
    return false;
  }

 private:
  const llvm::DataLayout* layout_;
  const bool* tells_same_;
};

class LinearMemoryAA : public llvm::AnalysisInfoMixin<LinearMemoryAA> {
 public:
  using Result = LinearMemoryAliases;
  explicit LinearMemoryAA(const bool* tells_same) : tells_same_(tells_same) {}
  Result run(llvm::Function& function, llvm::FunctionAnalysisManager&) const {
    return {function.getDataLayout(), tells_same_};
  }

 private:
  friend llvm::AnalysisInfoMixin<LinearMemoryAA>;
  static llvm::AnalysisKey Key;
  const bool* tells_same_;
};

// Has the jump of a loop around a switch copied behind each arm (dispatch.cc). Behind all passes over control flow.
struct CopyDispatch : llvm::PassInfoMixin<CopyDispatch> {
  llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses);
};

// Aligns the arms behind which such a jump was copied (align_arms.cc). Over machine code, behind all other passes.
llvm::MachineFunctionPass* make_align_arms();

// Reads what lies in the context and never changes again behind calls, instead of keeping it (reload_invariants.cc). Last of all.
struct ReloadInvariants : llvm::PassInfoMixin<ReloadInvariants> {
  llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses);
};

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
// Whether it is a load's mark, which keeps its trap (pin_loads.cc).
bool is_mark(const llvm::Instruction& instruction);

}  // namespace wherry::compiler
