// Copies of eight bytes that were written four by four.
//
// A structure of numbers that is passed by value is copied, and the producer of the Wasm copies eight bytes at a time. Where its members were
// written just before, one by one, the processor cannot give the load what two stores hold that are still on their way: it waits until
// both are done, a dozen cycles. LLVM cannot take the value from two stores either. Natively there is no copy: the
// structure was never in memory.
//
// So such a load, whose value is only stored, becomes two of four bytes, and its stores too. Then each half is forwarded, by LLVM or by the
// processor (docs/rationale.md). Where nothing of four bytes is written to the same place the copy stays as it is.
//
// A store that faults halfway has written its first half. That is what the memory may look like after a trap, unless traps are
// exact, where all accesses are volatile and this leaves them alone.
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>

#include "compiler/passes.h"

namespace wherry::compiler {
namespace {

using llvm::dyn_cast;

constexpr uint64_t kWhole = 8;
constexpr uint64_t kHalf = 4;
constexpr uint32_t kMostStores = 64;  // To one place; of more only the first are known.

class Splitter {
 public:
  explicit Splitter(llvm::Function& function) : function_(function), layout_(function.getDataLayout()) {}

  bool run() {
    llvm::SmallVector<llvm::LoadInst*, 8> copies;
    for (llvm::Instruction& instruction : llvm::instructions(function_)) {
      if (auto* const load = dyn_cast<llvm::LoadInst>(&instruction); load != nullptr && is_copy(*load))
        copies.push_back(load);
    }
    if (copies.empty()) return false;
    for (const llvm::Instruction& instruction : llvm::instructions(function_)) {
      if (const auto* const store = dyn_cast<llvm::StoreInst>(&instruction)) note(*store);
    }
    bool changed = false;
    for (llvm::LoadInst* const load : copies) {
      if (!is_written_by_halves(*load)) continue;
      split(*load);
      changed = true;
    }
    return changed;
  }

 private:
  struct Place {
    const llvm::Value* root;
    int64_t offset;
  };

  Place place_of(const llvm::Value* address) const {
    llvm::APInt offset(layout_.getIndexTypeSizeInBits(address->getType()), 0);
    const llvm::Value* const root = address->stripAndAccumulateConstantOffsets(layout_, offset, true);
    return {root, offset.getSExtValue()};
  }

  uint64_t size_of(const llvm::Type* type) const {
    return layout_.getTypeStoreSize(const_cast<llvm::Type*>(type)).getFixedValue();
  }

  // Loads of linear memory have this alignment, and no others.
  static bool is_copy(const llvm::LoadInst& load) {
    if (!load.getType()->isIntegerTy(kWhole * 8) || !load.isSimple() || load.getAlign() != llvm::Align(1) ||
        load.use_empty())
      return false;
    return llvm::all_of(load.uses(), [](const llvm::Use& use) {
      const auto* const store = dyn_cast<llvm::StoreInst>(use.getUser());
      return store != nullptr && store->isSimple() && use.getOperandNo() == 0;
    });
  }

  void note(const llvm::StoreInst& store) {
    if (!store.isSimple() || size_of(store.getValueOperand()->getType()) != kHalf) return;
    const Place place = place_of(store.getPointerOperand());
    llvm::SmallVector<int64_t, 4>& offsets = halves_[place.root];
    if (offsets.size() < kMostStores) offsets.push_back(place.offset);
  }

  bool is_written_by_halves(const llvm::LoadInst& load) const {
    const Place place = place_of(load.getPointerOperand());
    const auto found = halves_.find(place.root);
    return found != halves_.end() && llvm::any_of(found->second, [&](int64_t offset) {
             return offset == place.offset || offset == place.offset + static_cast<int64_t>(kHalf);
           });
  }

  static llvm::Value* high(llvm::IRBuilder<>& builder, llvm::Value* address) {
    return builder.CreateConstGEP1_64(builder.getInt8Ty(), address, kHalf);
  }

  static void split(llvm::LoadInst& load) {
    llvm::IRBuilder<> builder(&load);
    llvm::Value* halves[2];
    for (uint32_t i = 0; i < 2; ++i) {
      llvm::Value* const address =
          i == 0 ? load.getPointerOperand() : high(builder, load.getPointerOperand());
      llvm::LoadInst* const half = builder.CreateAlignedLoad(builder.getInt32Ty(), address, llvm::Align(1));
      half->setAAMetadata(load.getAAMetadata());
      halves[i] = half;
    }
    for (llvm::User* const user : llvm::make_early_inc_range(load.users())) {
      auto* const store = llvm::cast<llvm::StoreInst>(user);
      builder.SetInsertPoint(store);
      for (uint32_t i = 0; i < 2; ++i) {
        llvm::Value* const address =
            i == 0 ? store->getPointerOperand() : high(builder, store->getPointerOperand());
        llvm::StoreInst* const half = builder.CreateAlignedStore(halves[i], address, llvm::Align(1));
        half->setAAMetadata(store->getAAMetadata());
      }
      store->eraseFromParent();
    }
    load.eraseFromParent();
  }

  llvm::Function& function_;
  const llvm::DataLayout& layout_;
  llvm::DenseMap<const llvm::Value*, llvm::SmallVector<int64_t, 4>> halves_;  // By root.
};

}  // namespace

llvm::PreservedAnalyses SplitCopies::run(llvm::Function& function, llvm::FunctionAnalysisManager&) {
  if (!Splitter(function).run()) return llvm::PreservedAnalyses::all();
  llvm::PreservedAnalyses preserved;
  preserved.preserveSet<llvm::CFGAnalyses>();
  return preserved;
}

}  // namespace wherry::compiler
