// Tests of the deadline, put into finished code.
//
// Emitted with the rest they would keep every loop from being vectorized (1.5 times the time, measured, against nothing here). A loop
// that LLVM has unrolled or vectorized looks less often; each of its rounds still ends.
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/MDBuilder.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>

#include "compiler/passes.h"
#include "engine/abi/native.h"
#include "engine/abi/tier.h"

namespace wherry::compiler {
namespace {

class Checker {
 public:
  explicit Checker(llvm::Function& function)
      : function_(function), ptr_(llvm::PointerType::getUnqual(function.getContext())) {}

  void add(llvm::Instruction* before) {
    llvm::IRBuilder<> builder(before);
    llvm::Value* const context = function_.getArg(0);
    llvm::Value* const store = load(builder, context, offsetof(abi::Context, store));
    llvm::Value* const page = load(builder, context, offsetof(abi::Context, interrupt));
    llvm::Value* const epoch = load_number(builder, page, 0);
    llvm::Value* const deadline = load_number(builder, store, offsetof(abi::StoreState, deadline_epoch));
    llvm::MDNode* const weights = llvm::MDBuilder(function_.getContext()).createBranchWeights(1, 1 << 20);
    llvm::Instruction* const reached =
        llvm::SplitBlockAndInsertIfThen(builder.CreateICmpUGE(epoch, deadline), before, false, weights);
    interrupted(reached, context, store);
  }

 private:
  llvm::Value* load(llvm::IRBuilder<>& builder, llvm::Value* base, uint64_t offset) {
    llvm::LoadInst* const load = builder.CreateAlignedLoad(
        ptr_, builder.CreateConstGEP1_64(builder.getInt8Ty(), base, offset), llvm::Align(8));
    load->setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(function_.getContext(), {}));
    return load;
  }

  // Another thread writes it.
  llvm::Value* load_number(llvm::IRBuilder<>& builder, llvm::Value* base, uint64_t offset) {
    llvm::LoadInst* const load = builder.CreateAlignedLoad(
        builder.getInt64Ty(), builder.CreateConstGEP1_64(builder.getInt8Ty(), base, offset), llvm::Align(8));
    load->setAtomic(llvm::AtomicOrdering::Monotonic);
    return load;
  }

  void interrupted(llvm::Instruction* before, llvm::Value* context, llvm::Value* store) {
    llvm::IRBuilder<> builder(before);
    const auto field = [&](llvm::Value* base, uint64_t offset) {
      return builder.CreateConstGEP1_64(builder.getInt8Ty(), base, offset);
    };
    llvm::Value* const activation =
        builder.CreateAlignedLoad(ptr_, field(store, offsetof(abi::StoreState, activation)), llvm::Align(8));
    llvm::Value* const limit =
        builder.CreateAlignedLoad(ptr_, field(store, offsetof(abi::StoreState, stack_limit)), llvm::Align(8));
    builder.CreateAlignedStore(limit, field(activation, offsetof(abi::Activation, stack_top)),
                               llvm::Align(8));
    llvm::Value* const builtins = load(builder, context, offsetof(abi::Context, builtins));
    llvm::Value* const entry = load(builder, builtins, offsetof(abi::Builtins, interrupted));
    llvm::Value* const code =
        builder.CreateCall(llvm::FunctionType::get(builder.getInt32Ty(), {ptr_}, false), entry, {context});
    llvm::Instruction* const trapped =
        llvm::SplitBlockAndInsertIfThen(builder.CreateIsNotNull(code), before, true);
    builder.SetInsertPoint(trapped);
    llvm::Value* const native = load(builder, context, offsetof(abi::Context, native));
    llvm::Value* const trap = load(builder, native, offsetof(abi::NativeBuiltins, trap));
    llvm::CallInst* const call =
        builder.CreateCall(llvm::FunctionType::get(builder.getVoidTy(), {ptr_, builder.getInt32Ty()}, false),
                           trap, {context, code});
    call->addFnAttr(llvm::Attribute::NoReturn);
    call->addFnAttr(llvm::Attribute::NoMerge);
  }

  llvm::Function& function_;
  llvm::PointerType* ptr_;
};

}  // namespace

bool keeps_context(const llvm::Instruction& instruction) {
  const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
  if (call == nullptr || call->getIntrinsicID() != llvm::Intrinsic::var_annotation) return false;
  const auto* context = llvm::dyn_cast<llvm::Argument>(call->getArgOperand(0));
  return context != nullptr && context->hasSwiftSelfAttr();
}

llvm::PreservedAnalyses DeadlineChecks::run(llvm::Function& function,
                                            llvm::FunctionAnalysisManager& analyses) {
  if (function.getSubprogram() == nullptr) return llvm::PreservedAnalyses::all();  // A thunk.
  for (llvm::BasicBlock& block : function) {
    for (llvm::Instruction& instruction : llvm::make_early_inc_range(block)) {
      if (keeps_context(instruction)) instruction.eraseFromParent();
    }
  }
  llvm::SmallVector<llvm::Instruction*, 16> places;
  for (const llvm::Loop* const loop : analyses.getResult<llvm::LoopAnalysis>(function).getLoopsInPreorder()) {
    places.push_back(&*loop->getHeader()->getFirstInsertionPt());
  }
  places.push_back(function.getEntryBlock().getTerminator());
  Checker checker(function);
  for (llvm::Instruction* const place : places) checker.add(place);
  return llvm::PreservedAnalyses::none();
}

}  // namespace wherry::compiler
