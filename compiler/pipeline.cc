// The passes over IR.
//
// This is LLVM's -O2 of version 19, written out, because it differs in the middle: induction variables are not widened before
// vectorizing. Wasm counts in i32 and zero-extends into addresses; a widened counter gets an exit test that scalar
// evolution cannot read, and no loop of it is vectorized (saxpy: 6.0 times native, with this 1.05). Widening, hoisting and combining come once
// more behind the vectorizer. Library calls do not exist for us: every function of the C library is unknown, so no loop becomes a
// memset whose fault nobody would recognize. Straight code is not vectorized (SLP): march, vm, chacha and nbody got slower by it, life alone clearly faster.
//
// A function that is large gets fewer passes: their time grows faster than the code, and nobody waits for hours.
#include "compiler/pipeline.h"

#include <llvm/ADT/SmallPtrSet.h>
#include <llvm/Analysis/AliasAnalysis.h>
#include <llvm/Analysis/InlineCost.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Module.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/Transforms/AggressiveInstCombine/AggressiveInstCombine.h>
#include <llvm/Transforms/IPO/ElimAvailExtern.h>
#include <llvm/Transforms/IPO/GlobalDCE.h>
#include <llvm/Transforms/IPO/Inliner.h>
#include <llvm/Transforms/InstCombine/InstCombine.h>
#include <llvm/Transforms/Scalar/ADCE.h>
#include <llvm/Transforms/Scalar/BDCE.h>
#include <llvm/Transforms/Scalar/CorrelatedValuePropagation.h>
#include <llvm/Transforms/Scalar/DeadStoreElimination.h>
#include <llvm/Transforms/Scalar/DivRemPairs.h>
#include <llvm/Transforms/Scalar/EarlyCSE.h>
#include <llvm/Transforms/Scalar/GVN.h>
#include <llvm/Transforms/Scalar/IndVarSimplify.h>
#include <llvm/Transforms/Scalar/InstSimplifyPass.h>
#include <llvm/Transforms/Scalar/JumpThreading.h>
#include <llvm/Transforms/Scalar/LICM.h>
#include <llvm/Transforms/Scalar/LoopDeletion.h>
#include <llvm/Transforms/Scalar/LoopIdiomRecognize.h>
#include <llvm/Transforms/Scalar/LoopInstSimplify.h>
#include <llvm/Transforms/Scalar/LoopLoadElimination.h>
#include <llvm/Transforms/Scalar/LoopPassManager.h>
#include <llvm/Transforms/Scalar/LoopRotation.h>
#include <llvm/Transforms/Scalar/LoopSimplifyCFG.h>
#include <llvm/Transforms/Scalar/LoopUnrollPass.h>
#include <llvm/Transforms/Scalar/MergedLoadStoreMotion.h>
#include <llvm/Transforms/Scalar/Reassociate.h>
#include <llvm/Transforms/Scalar/SROA.h>
#include <llvm/Transforms/Scalar/SimpleLoopUnswitch.h>
#include <llvm/Transforms/Scalar/SimplifyCFG.h>
#include <llvm/Transforms/Vectorize/LoopVectorize.h>
#include <llvm/Transforms/Vectorize/VectorCombine.h>

#include "compiler/passes.h"
#include "compiler/timing.h"

namespace wherry::compiler {
namespace {

// Instructions from which on a function does without the passes whose time grows faster than the code, and without nearly all.
constexpr uint32_t kLarge = 12'000;
constexpr uint32_t kHuge = 60'000;

const llvm::Function* function_of(const llvm::Any& unit) {
  if (const auto* function = llvm::any_cast<const llvm::Function*>(&unit)) return *function;
  if (const auto* loop = llvm::any_cast<const llvm::Loop*>(&unit)) return (*loop)->getHeader()->getParent();
  return nullptr;
}

bool is_worth_it(llvm::StringRef pass, const llvm::Any& unit) {
  const llvm::Function* const function = function_of(unit);
  if (function == nullptr) return true;
  if (function->hasFnAttribute(kThunkAttribute)) return false;
  const llvm::Attribute size = function->getFnAttribute("wherry-size");
  if (!size.isValid()) return true;
  if (size.getValueAsString() == "huge") {
    for (const llvm::StringRef kept : {"EarlyCSEPass", "SimplifyCFGPass", "InstSimplifyPass"}) {
      if (pass == kept) return true;
    }
    return false;
  }
  for (const llvm::StringRef left :
       {"GVNPass", "LoopVectorizePass", "JumpThreadingPass", "CorrelatedValuePropagationPass", "DSEPass",
        "IndVarSimplifyPass", "LoopFullUnrollPass", "LoopUnrollPass", "SimpleLoopUnswitchPass"}) {
    if (pass == left) return false;
  }
  return true;
}

// InstCombine stands behind what might give it something to do, and is the longest of all passes (a sixth of the time of compiling). Where
// nothing has changed since it was there last, it is left out: in functions without loops, half of the time. Forms that passes over loops
// want first, and marks taken away, are no change to it.
class Combined {
 public:
  bool is_worth_it(llvm::StringRef pass, const llvm::Any& unit) const {
    return pass != "InstCombinePass" || !unchanged_.contains(function_of(unit));
  }

  void note(llvm::StringRef pass, const llvm::Any& unit, const llvm::PreservedAnalyses& preserved) {
    const llvm::Function* const function = function_of(unit);
    if (pass == "InstCombinePass") {
      unchanged_.insert(function);
    } else if (preserved.areAllPreserved() || changes_nothing(pass)) {
      return;
    } else if (function != nullptr) {
      unchanged_.erase(function);
    } else if (!pass.contains("Adaptor") && !pass.contains("PassManager")) {
      unchanged_.clear();  // Of the call graph or the module; those that run others changed what these noted.
    }
  }

 private:
  static bool changes_nothing(llvm::StringRef pass) {
    return pass == "LCSSAPass" || pass == "LoopSimplifyPass" || pass.ends_with("PinLoads");
  }

  llvm::SmallPtrSet<const llvm::Function*, 32> unchanged_;
};

void mark_large(llvm::Module& module) {
  for (llvm::Function& function : module) {
    const size_t count = function.getInstructionCount();
    if (count < kLarge) continue;
    function.addFnAttr("wherry-size", count < kHuge ? "large" : "huge");
    function.addFnAttr(llvm::Attribute::NoInline);
  }
}

llvm::FunctionPassManager simplification() {
  using llvm::SimplifyCFGOptions;
  llvm::FunctionPassManager passes;
  passes.addPass(llvm::SROAPass(llvm::SROAOptions::ModifyCFG));
  passes.addPass(llvm::EarlyCSEPass(true));
  passes.addPass(llvm::CorrelatedValuePropagationPass());
  passes.addPass(llvm::SimplifyCFGPass(SimplifyCFGOptions().convertSwitchRangeToICmp(true)));
  passes.addPass(llvm::AggressiveInstCombinePass());
  passes.addPass(llvm::InstCombinePass());
  passes.addPass(SplitCopies());
  passes.addPass(llvm::ReassociatePass());
  {
    llvm::LoopPassManager loops;
    loops.addPass(llvm::LoopInstSimplifyPass());
    loops.addPass(llvm::LoopSimplifyCFGPass());
    loops.addPass(llvm::LICMPass(llvm::LICMOptions(100, 250, false)));
    loops.addPass(llvm::LoopRotatePass());
    loops.addPass(llvm::LICMPass(llvm::LICMOptions(100, 250, true)));
    loops.addPass(llvm::SimpleLoopUnswitchPass(false));
    passes.addPass(llvm::createFunctionToLoopPassAdaptor(std::move(loops), true));
  }
  passes.addPass(llvm::SimplifyCFGPass(SimplifyCFGOptions().convertSwitchRangeToICmp(true)));
  {
    llvm::LoopPassManager loops;
    loops.addPass(llvm::LoopIdiomRecognizePass());
    loops.addPass(llvm::IndVarSimplifyPass(false));
    loops.addPass(llvm::LoopDeletionPass());
    loops.addPass(llvm::LoopFullUnrollPass(2));
    passes.addPass(llvm::createFunctionToLoopPassAdaptor(std::move(loops), false));
  }
  passes.addPass(llvm::SROAPass(llvm::SROAOptions::ModifyCFG));
  passes.addPass(llvm::VectorCombinePass(true));
  passes.addPass(llvm::MergedLoadStoreMotionPass());
  passes.addPass(llvm::GVNPass());
  passes.addPass(llvm::BDCEPass());
  passes.addPass(llvm::JumpThreadingPass());
  passes.addPass(llvm::ADCEPass());
  passes.addPass(llvm::DSEPass());
  passes.addPass(
      llvm::createFunctionToLoopPassAdaptor(llvm::LICMPass(llvm::LICMOptions(100, 250, true)), true));
  passes.addPass(llvm::SimplifyCFGPass(
      SimplifyCFGOptions().convertSwitchRangeToICmp(true).hoistCommonInsts(true).sinkCommonInsts(true)));
  passes.addPass(llvm::InstCombinePass());
  return passes;
}

llvm::FunctionPassManager vectorization() {
  using llvm::SimplifyCFGOptions;
  llvm::FunctionPassManager passes;
  {
    llvm::LoopPassManager loops;
    loops.addPass(llvm::LoopRotatePass());
    loops.addPass(llvm::LoopDeletionPass());
    passes.addPass(llvm::createFunctionToLoopPassAdaptor(std::move(loops), false));
  }
  passes.addPass(RerollSums());
  passes.addPass(PinLoads(PinLoads::Stage::BeforeVectorizer));
  passes.addPass(llvm::LoopVectorizePass(llvm::LoopVectorizeOptions()));
  passes.addPass(llvm::LoopLoadEliminationPass());
  passes.addPass(llvm::InstCombinePass());
  passes.addPass(llvm::SimplifyCFGPass(SimplifyCFGOptions()
                                           .forwardSwitchCondToPhi(true)
                                           .convertSwitchRangeToICmp(true)
                                           .convertSwitchToLookupTable(true)
                                           .needCanonicalLoops(false)
                                           .hoistCommonInsts(true)
                                           .sinkCommonInsts(true)));
  passes.addPass(llvm::VectorCombinePass());
  passes.addPass(llvm::LoopUnrollPass(llvm::LoopUnrollOptions(2)));
  passes.addPass(llvm::SROAPass(llvm::SROAOptions::PreserveCFG));
  return passes;
}

llvm::FunctionPassManager late() {
  llvm::FunctionPassManager passes;
  passes.addPass(SplitIndices());
  passes.addPass(
      llvm::createFunctionToLoopPassAdaptor(llvm::LICMPass(llvm::LICMOptions(100, 250, true)), true));
  passes.addPass(llvm::createFunctionToLoopPassAdaptor(llvm::IndVarSimplifyPass(true)));
  passes.addPass(llvm::InstCombinePass());
  passes.addPass(llvm::EarlyCSEPass(true));
  passes.addPass(
      llvm::createFunctionToLoopPassAdaptor(llvm::LICMPass(llvm::LICMOptions(100, 250, true)), true));
  passes.addPass(llvm::InstSimplifyPass());
  passes.addPass(llvm::DivRemPairsPass());
  passes.addPass(llvm::SimplifyCFGPass(
      llvm::SimplifyCFGOptions().convertSwitchRangeToICmp(true).speculateUnpredictables(true)));
  return passes;
}

llvm::ModulePassManager optimizing(bool has_deadlines) {
  llvm::ModulePassManager passes;
  {
    llvm::FunctionPassManager first;
    first.addPass(llvm::SimplifyCFGPass());
    first.addPass(llvm::SROAPass(llvm::SROAOptions::ModifyCFG));
    first.addPass(llvm::EarlyCSEPass());
    first.addPass(llvm::InstCombinePass());
    first.addPass(llvm::SimplifyCFGPass(llvm::SimplifyCFGOptions().convertSwitchRangeToICmp(true)));
    passes.addPass(llvm::createModuleToFunctionPassAdaptor(std::move(first)));
  }
  llvm::ModuleInlinerWrapperPass inliner(llvm::getInlineParams(100), true);
  inliner.getPM().addPass(llvm::createCGSCCToFunctionPassAdaptor(simplification()));
  passes.addPass(std::move(inliner));
  passes.addPass(llvm::EliminateAvailableExternallyPass());
  passes.addPass(llvm::GlobalDCEPass());
  llvm::FunctionPassManager rest = vectorization();
  rest.addPass(late());
  if (has_deadlines) {
    rest.addPass(RepeatSmallLoops());
    rest.addPass(llvm::LoopUnrollPass(llvm::LoopUnrollOptions(2, true)));
    rest.addPass(llvm::InstCombinePass());
    rest.addPass(llvm::SimplifyCFGPass());
  }
  passes.addPass(llvm::createModuleToFunctionPassAdaptor(std::move(rest)));
  return passes;
}

// Whether nothing in a function can trap or look down the stack: no calls, and no access but to the instance's own data.
bool is_quiet_leaf(const llvm::Function& function) {
  for (const llvm::Instruction& instruction : llvm::instructions(function)) {
    if (llvm::isa<llvm::CallBase>(instruction) && !llvm::isa<llvm::IntrinsicInst>(instruction)) return false;
    if (!instruction.mayReadOrWriteMemory() || instruction.hasMetadata(llvm::LLVMContext::MD_invariant_load))
      continue;
    const llvm::MDNode* const tag = instruction.getMetadata(llvm::LLVMContext::MD_tbaa);
    const auto* const type = tag == nullptr ? nullptr : llvm::dyn_cast<llvm::MDNode>(tag->getOperand(0));
    const auto* const name = type == nullptr ? nullptr : llvm::dyn_cast<llvm::MDString>(type->getOperand(0));
    if (name == nullptr || name->getString() != "global") return false;
  }
  return true;
}

// A third of the instructions of the smallest functions.
void drop_frames(llvm::Module& module) {
  for (llvm::Function& function : module) {
    if (function.isDeclaration() || function.hasFnAttribute(llvm::Attribute::Naked)) continue;
    if (is_quiet_leaf(function)) function.addFnAttr("frame-pointer", "none");
  }
}

}  // namespace

void optimize(llvm::Module& module, llvm::TargetMachine& target, const Options& options, bool has_memory64) {
  mark_large(module);
  quiet_nans(module);
  llvm::PassInstrumentationCallbacks callbacks;
  callbacks.registerShouldRunOptionalPassCallback(is_worth_it);
  Combined combined;
  callbacks.registerShouldRunOptionalPassCallback(
      [&](llvm::StringRef pass, const llvm::Any& unit) { return combined.is_worth_it(pass, unit); });
  callbacks.registerAfterPassCallback(
      [&](llvm::StringRef pass, const llvm::Any& unit, const llvm::PreservedAnalyses& preserved) {
        combined.note(pass, unit, preserved);
      });
  bool tells_same = false;
  callbacks.registerBeforeNonSkippedPassCallback(
      [&](llvm::StringRef pass, const llvm::Any&) { tells_same = pass == "GVNPass" && !has_memory64; });
  time_passes(callbacks);
  llvm::PassBuilder builder(&target, llvm::PipelineTuningOptions(), {}, &callbacks);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::TargetLibraryInfoImpl library(target.getTargetTriple());
  library.disableAllFunctions();
  functions.registerPass([&] { return llvm::TargetLibraryAnalysis(library); });
  functions.registerPass([&] { return LinearMemoryAA(&tells_same); });
  functions.registerPass([&] {
    llvm::AAManager aliases = builder.buildDefaultAAPipeline();
    aliases.registerFunctionAnalysis<LinearMemoryAA>();
    return aliases;
  });
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  llvm::ModulePassManager passes;
  if (options.optimization != 0) passes = optimizing(options.interruption);
  passes.addPass(llvm::createModuleToFunctionPassAdaptor(PinLoads(PinLoads::Stage::Last)));
  if (options.optimization != 0) passes.addPass(llvm::createModuleToFunctionPassAdaptor(CopyDispatch()));
  if (options.interruption) passes.addPass(DeadlineChecks());
  if (options.optimization != 0) passes.addPass(llvm::createModuleToFunctionPassAdaptor(ReloadInvariants()));
  passes.run(module, modules);
  drop_frames(module);
}

}  // namespace wherry::compiler
