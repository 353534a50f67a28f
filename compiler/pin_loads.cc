// That a load outside of a memory traps, whatever becomes of its value.
//
// LLVM takes a plain load for an expression: it deletes one that nobody uses, sinks one into the branch that uses it, or out of a
// loop, and so past calls and traps that the program does first. Volatile loads stay, but are neither vectorized nor folded; all
// loads volatile cost half the speed (docs/rationale.md).
//
// So the emitter puts a mark behind each load, `llvm.var.annotation(address)`. For LLVM it is an effect on memory that nobody reads: not
// deleted, duplicated or moved over anything that has effects, no obstacle to moving loads and stores past it; and its presence keeps
// the load before it from being sunk. Once the code is simplified, a mark is covered when an access to the same place is sure to
// happen no later: one in the same block before the next thing that may end the function, or one in a block that dominates. An
// uncovered mark becomes a volatile one-byte load of the last byte of what it stands for (if that byte is inside, all are).
//
// The vectorizer and what follows, code generation included, see no marks in loops without inner loops. There, and at the end everywhere,
// a load must be *anchored* in its own block: its value goes, through what has no effects, into a store, a call, the block's terminator or a
// phi at the block's end, and not only by the arms of selects. Nothing sinks it then, nor the operations between. Code generation does more:
// for it, neither a phi behind a branch nor one of two conditions of a branch is an anchor; nor is a branch for anybody that may turn out to
// decide nothing. What is not anchored becomes volatile. So does a
// load of which only some bytes are wanted, since code generation would narrow it and forget the others at the memory's end.
#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/SmallPtrSet.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>

#include "compiler/passes.h"

namespace wherry::compiler {

bool is_mark(const llvm::Instruction& instruction) {
  const auto* const call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
  return call != nullptr && call->getIntrinsicID() == llvm::Intrinsic::var_annotation &&
         !keeps_context(instruction);
}

namespace {

using llvm::dyn_cast;
using llvm::Instruction;
using llvm::isa;
using llvm::Value;

// Searches that would take long give up, and the load is pinned.
constexpr uint32_t kMostUses = 32;
constexpr uint32_t kMostAccesses = 16;
constexpr uint32_t kMostScanned = 64;

// Accesses to linear memory have this alignment and no other.
bool is_guest_load(const Instruction& instruction) {
  const auto* load = dyn_cast<llvm::LoadInst>(&instruction);
  if (load == nullptr || load->isAtomic() || load->hasMetadata(llvm::LLVMContext::MD_invariant_load))
    return false;
  const llvm::MDNode* const tag = load->getMetadata(llvm::LLVMContext::MD_tbaa);
  if (tag == nullptr || tag->getNumOperands() == 0) return load->getAlign() == llvm::Align(1);
  const auto* type = dyn_cast<llvm::MDNode>(tag->getOperand(0));
  const auto* name = type == nullptr ? nullptr : dyn_cast<llvm::MDString>(type->getOperand(0));
  return name != nullptr && name->getString().starts_with("memory");
}

bool may_end(const Instruction& instruction) {
  return isa<llvm::CallBase>(instruction) && !is_mark(instruction) &&
         !llvm::isGuaranteedToTransferExecutionToSuccessor(&instruction);
}

class Pinner {
 public:
  Pinner(llvm::Function& function, llvm::FunctionAnalysisManager& analyses, PinLoads::Stage stage)
      : function_(function),
        layout_(function.getDataLayout()),
        dominators_(analyses.getResult<llvm::DominatorTreeAnalysis>(function)),
        loops_(analyses.getResult<llvm::LoopAnalysis>(function)),
        stage_(stage) {}

  bool run() {
    find();
    bool changed = false;
    for (Instruction* const mark : marks_) {
      if (!is_covered(*mark)) load_last_byte(*mark);
      mark->eraseFromParent();
      changed = true;
    }
    for (llvm::LoadInst* const load : loads_) {
      if (load->isVolatile() || (is_anchored(*load) && !is_narrowed(*load))) continue;
      load->setVolatile(true);
      changed = true;
    }
    return changed;
  }

 private:
  struct Place {
    Instruction* access;
    llvm::APInt begin;
    uint64_t size_bytes;
  };

  bool is_concerned(const llvm::BasicBlock& block) const {
    if (stage_ == PinLoads::Stage::Last) return true;
    const llvm::Loop* const loop = loops_.getLoopFor(&block);
    return loop != nullptr && loop->isInnermost();
  }

  void find() {
    for (llvm::BasicBlock& block : function_) {
      if (!dominators_.isReachableFromEntry(&block)) continue;
      const bool is_concerned = this->is_concerned(block);
      for (Instruction& instruction : block) {
        if (is_mark(instruction)) {
          if (is_concerned) marks_.push_back(&instruction);
          continue;
        }
        if (const Value* const address = llvm::getLoadStorePointerOperand(&instruction))
          note(instruction, address);
        if (is_concerned && is_guest_load(instruction))
          loads_.push_back(llvm::cast<llvm::LoadInst>(&instruction));
      }
    }
  }

  const Value* root_of(const Value* address, llvm::APInt* offset) const {
    *offset = llvm::APInt(layout_.getIndexTypeSizeInBits(address->getType()), 0);
    return address->stripAndAccumulateConstantOffsets(layout_, *offset, true);
  }

  void note(Instruction& access, const Value* address) {
    llvm::APInt offset;
    const Value* const root = root_of(address, &offset);
    llvm::SmallVector<Place, 2>& places = places_[root];
    if (places.size() >= kMostAccesses) return;
    places.push_back(
        {&access, offset, layout_.getTypeStoreSize(llvm::getLoadStoreType(&access)).getFixedValue()});
  }

  bool is_covered(const Instruction& mark) const {
    llvm::APInt offset;
    const Value* const root = root_of(mark.getOperand(0), &offset);
    const auto found = places_.find(root);
    if (found == places_.end()) return false;
    const int64_t begin = offset.getSExtValue();
    const int64_t end = begin + static_cast<int64_t>(size_of(mark));
    for (const Place& place : found->second) {
      const int64_t at = place.begin.getSExtValue();
      // Inside of [0, size) is what begins there and ends there: an access that ends no earlier covers the end, and what lies
      // below an access that begins no lower cannot be outside, since indices do not wrap.
      if (at + static_cast<int64_t>(place.size_bytes) < end || at < 0 || begin < 0) continue;
      if (happens_with(*place.access, mark)) return true;
    }
    return false;
  }

  static uint64_t size_of(const Instruction& mark) {
    return llvm::cast<llvm::ConstantInt>(mark.getOperand(3))->getZExtValue();
  }

  bool happens_with(const Instruction& access, const Instruction& mark) const {
    if (access.getParent() != mark.getParent())
      return dominators_.dominates(access.getParent(), mark.getParent());
    if (access.comesBefore(&mark)) return true;
    uint32_t scanned = 0;
    for (auto at = mark.getIterator(); &*at != &access; ++at) {
      if (may_end(*at) || ++scanned > kMostScanned) return false;
    }
    return true;
  }

  void load_last_byte(Instruction& mark) const {
    llvm::IRBuilder<> builder(&mark);
    Value* const last =
        builder.CreateConstGEP1_64(builder.getInt8Ty(), mark.getOperand(0), size_of(mark) - 1);
    builder.CreateAlignedLoad(builder.getInt8Ty(), last, llvm::Align(1), true);
  }

  bool is_anchored(const llvm::LoadInst& load) const {
    const llvm::BasicBlock* const block = load.getParent();
    llvm::SmallVector<const Instruction*, 8> pending{&load};
    llvm::SmallPtrSet<const Instruction*, 16> seen;
    uint32_t uses = 0;
    while (!pending.empty()) {
      const Instruction* const value = pending.pop_back_val();
      for (const llvm::Use& use : value->uses()) {
        if (++uses > kMostUses) return false;
        const auto* const user = llvm::cast<Instruction>(use.getUser());
        if (const auto* phi = dyn_cast<llvm::PHINode>(user)) {
          if (phi->getIncomingBlock(use) == block && keeps_phi_operands(*block)) return true;
          continue;
        }
        if (user->getParent() != block) continue;
        // Code generation may make a branch of a select, and sink what only one arm wants.
        if (stage_ == PinLoads::Stage::Last && isa<llvm::SelectInst>(user) && use.getOperandNo() != 0)
          continue;
        // And two branches of one on two conditions, the second load behind the first branch.
        if (stage_ == PinLoads::Stage::Last && user->isBitwiseLogicOp() && user->getType()->isIntegerTy(1))
          continue;
        if (isa<llvm::StoreInst>(user) || (user->isTerminator() && stays(*user))) return true;
        if (isa<llvm::CallBase>(user) && !is_mark(*user) && user->mayHaveSideEffects()) return true;
        if (const auto* other = dyn_cast<llvm::LoadInst>(user); other != nullptr && other->isVolatile())
          return true;
        if (seen.insert(user).second) pending.push_back(user);
      }
    }
    return false;
  }

  // Whether nobody finds that a branch decides nothing and takes its condition away: it ends or repeats a loop, or one way has effects
  // and the other has none. (Marks are gone by now, and where both have effects, they may be the same.)
  bool stays(const Instruction& terminator) const {
    const auto* const branch = dyn_cast<llvm::BranchInst>(&terminator);
    if (branch == nullptr) return isa<llvm::ReturnInst>(terminator);
    const llvm::Loop* const loop = loops_.getLoopFor(branch->getParent());
    uint32_t with_effects = 0;
    for (const llvm::BasicBlock* const next : branch->successors()) {
      if (loop != nullptr && (!loop->contains(next) || next == loop->getHeader())) return true;
      with_effects += llvm::any_of(*next, [](const Instruction& in) { return in.mayHaveSideEffects(); });
    }
    return with_effects == 1;
  }

  // Code generation splits the edge to a phi and sinks into it what only the phi wants, where there is another way on.
  bool keeps_phi_operands(const llvm::BasicBlock& block) const {
    return stage_ != PinLoads::Stage::Last || block.getSingleSuccessor() != nullptr;
  }

  // Code generation reads only the bytes that are wanted.
  bool is_narrowed(const llvm::LoadInst& load) const {
    if (!load.getType()->isIntegerTy() || load.getType()->getIntegerBitWidth() <= 8) return false;
    for (const llvm::User* const user : load.users()) {
      const auto* const instruction = llvm::cast<Instruction>(user);
      if (isa<llvm::TruncInst>(instruction)) continue;
      if (instruction->getOpcode() == Instruction::And && isa<llvm::ConstantInt>(instruction->getOperand(1)))
        continue;
      return false;
    }
    return true;
  }

  llvm::Function& function_;
  const llvm::DataLayout& layout_;
  const llvm::DominatorTree& dominators_;
  const llvm::LoopInfo& loops_;
  PinLoads::Stage stage_;
  llvm::SmallVector<Instruction*, 32> marks_;
  llvm::SmallVector<llvm::LoadInst*, 32> loads_;
  llvm::DenseMap<const Value*, llvm::SmallVector<Place, 2>> places_;
};

}  // namespace

llvm::PreservedAnalyses PinLoads::run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses) {
  if (!Pinner(function, analyses, stage).run()) return llvm::PreservedAnalyses::all();
  llvm::PreservedAnalyses preserved;
  preserved.preserveSet<llvm::CFGAnalyses>();
  return preserved;
}

}  // namespace wherry::compiler
