// An index of two parts without common bits, of which a loop changes one.
//
// What C wrote as row[x & 127] reaches us as base + zext(row | x & 127): in Wasm an address is one number, and the producer joins its parts by an
// `or`, in each round. Where no bit is in both, neither the sum nor its extension wraps, and base + zext(row) + zext(x & 127) is the
// same address, with a first half that stays the same in the loop, as natively.
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/PatternMatch.h>

#include "compiler/passes.h"

namespace wherry::compiler {
namespace {

using llvm::GetElementPtrInst;
using llvm::Value;

struct Parts {
  Value* kept;
  Value* changed;
};

// Null parts: it is not such an index.
Parts parts_of(const GetElementPtrInst& address, const llvm::Loop& loop) {
  using namespace llvm::PatternMatch;
  Value* left = nullptr;
  Value* right = nullptr;
  if (address.getNumIndices() != 1 || !address.getSourceElementType()->isIntegerTy(8) ||
      !loop.isLoopInvariant(address.getPointerOperand()) ||
      !match(address.getOperand(1), m_ZExt(m_DisjointOr(m_Value(left), m_Value(right)))))
    return {nullptr, nullptr};
  if (loop.isLoopInvariant(left) == loop.isLoopInvariant(right)) return {nullptr, nullptr};
  return loop.isLoopInvariant(left) ? Parts{left, right} : Parts{right, left};
}

}  // namespace

llvm::PreservedAnalyses SplitIndices::run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses) {
  const auto& loops = analyses.getResult<llvm::LoopAnalysis>(function);
  if (loops.empty()) return llvm::PreservedAnalyses::all();
  bool changed = false;
  for (llvm::Instruction& instruction : llvm::make_early_inc_range(llvm::instructions(function))) {
    auto* const address = llvm::dyn_cast<GetElementPtrInst>(&instruction);
    const llvm::Loop* const loop = address == nullptr ? nullptr : loops.getLoopFor(address->getParent());
    if (loop == nullptr) continue;
    const Parts parts = parts_of(*address, *loop);
    if (parts.kept == nullptr) continue;
    llvm::IRBuilder<> builder(address);
    llvm::Type* const wide = address->getOperand(1)->getType();
    Value* const row = builder.CreateGEP(builder.getInt8Ty(), address->getPointerOperand(),
                                         builder.CreateZExt(parts.kept, wide));
    address->replaceAllUsesWith(
        builder.CreateGEP(builder.getInt8Ty(), row, builder.CreateZExt(parts.changed, wide)));
    address->eraseFromParent();
    changed = true;
  }
  if (!changed) return llvm::PreservedAnalyses::all();
  llvm::PreservedAnalyses preserved;
  preserved.preserveSet<llvm::CFGAnalyses>();
  return preserved;
}

}  // namespace wherry::compiler
