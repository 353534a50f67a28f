// What never changes is read again behind a call, instead of being kept in a register across it.
//
// A function with a memory needs the memory's base, and LLVM holds it in a register that callees preserve: one that the function has to save
// when it begins and to restore on each way out, on that which returns at once, too. The context is in such a register
// anyway, for nothing, and what lies in it is one load away that waits for nothing else. So where this is less, the value is loaded anew
// behind each call from which a use is reached before another call. Less it is in functions that are called often and do
// little; in a loop with calls the register is saved once for all rounds, and kept.
//
// An address that is used on both sides of a call is computed anew behind it. It would cross the call as base and index in any case:
// code generation makes both part of each access.
//
// The new loads are not said to be invariant, or code generation would find that they are the same, and keep the first one. All
// give the same value, so which of them a use gets is a question of time, never of meaning.
// Modules with the convention of tail calls are left alone: the context costs a register there.
#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/MapVector.h>
#include <llvm/ADT/SetVector.h>
#include <llvm/ADT/SmallPtrSet.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/DataLayout.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/Transforms/Utils/SSAUpdater.h>

#include "compiler/passes.h"

namespace wherry::compiler {
namespace {

using llvm::BasicBlock;
using llvm::dyn_cast;
using llvm::GetElementPtrInst;
using llvm::Instruction;
using llvm::isa;
using llvm::LoadInst;

// What is beyond stays where it is: more values, calls that are further away, addresses made of more parts.
constexpr size_t kMostValues = 16;
constexpr uint32_t kMostEdges = 64;
constexpr uint32_t kMostParts = 4;
// On all ways together. A register is saved and restored by two instructions, and few pass half of their loads.
constexpr size_t kMostLoads = 4;

bool is_call(const Instruction& instruction) {
  const auto* const call = dyn_cast<llvm::CallInst>(&instruction);
  return call != nullptr && !isa<llvm::IntrinsicInst>(call) && !call->isInlineAsm();
}

bool is_in_context(const LoadInst& load) {
  if (!load.hasMetadata(llvm::LLVMContext::MD_invariant_load)) return false;
  const llvm::DataLayout& layout = load.getDataLayout();
  llvm::APInt offset(layout.getIndexTypeSizeInBits(load.getPointerOperandType()), 0);
  const llvm::Value* const root =
      load.getPointerOperand()->stripAndAccumulateConstantOffsets(layout, offset, true);
  const auto* const argument = dyn_cast<llvm::Argument>(root);
  return argument != nullptr && argument->hasSwiftSelfAttr();
}

// Where a use needs its value; for a phi that is the end of the block it comes from.
Instruction& place_of(const llvm::Use& use) {
  auto* const user = llvm::cast<Instruction>(use.getUser());
  const auto* const phi = dyn_cast<llvm::PHINode>(user);
  return phi == nullptr ? *user : *phi->getIncomingBlock(use)->getTerminator();
}

// The calls of a function, and the values that lie in its context.
struct Findings {
  explicit Findings(llvm::Function& function) {
    for (BasicBlock& block : function) {
      uint32_t calls_passed = 0;
      for (Instruction& instruction : block) {
        if (calls_passed != 0) calls_before[&instruction] = calls_passed;
        calls_passed += is_call(instruction);
        auto* const load = dyn_cast<LoadInst>(&instruction);
        if (load != nullptr && values.size() < kMostValues && is_in_context(*load)) values.push_back(load);
      }
      if (calls_passed != 0) calls_in[&block] = calls_passed;
    }
  }

  // Whether a call may come between what makes an address and what uses it.
  bool crosses_call(const Instruction& address, const Instruction& user) const {
    const BasicBlock* const from = address.getParent();
    const uint32_t passed = calls_before.lookup(&address);
    const uint32_t passed_by_user = calls_before.lookup(&user);
    if (user.getParent() == from) return passed != passed_by_user;
    if (passed != calls_in.lookup(from) || passed_by_user != 0) return true;
    llvm::SmallPtrSet<const BasicBlock*, 16> seen;
    llvm::SmallVector<const BasicBlock*, 16> pending{user.getParent()};
    uint32_t edges = 0;
    while (!pending.empty()) {
      for (const BasicBlock* const before : llvm::predecessors(pending.pop_back_val())) {
        if (++edges > kMostEdges) return false;
        if (before == from || !seen.insert(before).second) continue;
        if (calls_in.contains(before)) return true;
        pending.push_back(before);
      }
    }
    return false;
  }

  llvm::SmallVector<LoadInst*, kMostValues> values;
  llvm::DenseMap<const BasicBlock*, uint32_t> calls_in;
  llvm::DenseMap<const Instruction*, uint32_t> calls_before;  // In the same block.
};

// Whether it is only the address of an access, or part of one, so that it may be computed again where that is.
bool is_address_in(const llvm::Use& use) { return llvm::getPointerOperand(use.getUser()) == use.get(); }

// --- Where to load ---

// The instructions in front of which a value is to be loaded again, once addresses are made where they are used.
class Plan {
 public:
  Plan(LoadInst& value, const Findings& findings) : value_(value), findings_(findings) {
    places_[value.getParent()];
    find_places(value, kMostParts);
    for (const auto& [block, places] : places_) serve(*block, places);
    serve_others();
  }

  // Whether it takes less than a register that is saved and restored.
  bool pays(const llvm::LoopInfo& loops) const {
    return !loads_.empty() && loads_.size() <= kMostLoads &&
           llvm::none_of(loads_, [&](const Instruction* place) {
             return loops.getLoopFor(place->getParent()) != nullptr;
           });
  }

  const llvm::SmallSetVector<Instruction*, 8>& loads() const { return loads_; }

 private:
  using Places = llvm::SmallPtrSet<const Instruction*, 8>;

  void find_places(llvm::Value& made_of_it, uint32_t parts) {
    for (llvm::Use& use : made_of_it.uses()) {
      auto* const address = dyn_cast<GetElementPtrInst>(use.getUser());
      if (address != nullptr && parts != 0) {
        find_places(*address, parts - 1);
      } else {
        Instruction& place = place_of_value(use);
        places_[place.getParent()].insert(&place);
      }
    }
  }

  // An address stays where it is made if no call follows before its use, or if it is more than the address of an access.
  Instruction& place_of_value(llvm::Use& use) const {
    Instruction* place = &place_of(use);
    bool is_sunk = is_address_in(use);
    for (auto* part = dyn_cast<GetElementPtrInst>(use.get()); part != nullptr;
         part = dyn_cast<GetElementPtrInst>(part->getPointerOperand())) {
      if (!is_sunk || !findings_.crosses_call(*part, *place)) place = part;
      is_sunk = true;
    }
    return *place;
  }

  // Uses behind a call of their own block get what is loaded there, those in front of the first what the block comes with.
  void serve(BasicBlock& block, const Places& places) {
    const bool is_home = value_.getParent() == &block;
    bool has_value = is_home;
    bool is_behind_call = false;
    for (auto at = is_home ? std::next(value_.getIterator()) : block.begin(); at != block.end(); ++at) {
      if (!has_value && places.contains(&*at)) {
        if (is_behind_call) {
          loads_.insert(&*at);
          has_value = true;
        } else {
          first_use_.try_emplace(&block, &*at);
        }
      }
      if (!is_call(*at)) continue;
      has_value = false;
      is_behind_call = true;
    }
    if (has_value) have_at_end_.insert(&block);
  }

  // What a block comes with is loaded at the end of those before it that have a call; behind a branch, if another arm may do without.
  void serve_others() {
    llvm::SmallVector<BasicBlock*, 16> pending;
    llvm::SmallPtrSet<const BasicBlock*, 16> seen;
    for (const auto& [block, place] : first_use_) {
      pending.push_back(block);
      seen.insert(block);
    }
    while (!pending.empty()) {
      BasicBlock* const block = pending.pop_back_val();
      for (BasicBlock* const before : llvm::predecessors(block)) {
        if (have_at_end_.contains(before)) continue;
        if (!findings_.calls_in.contains(before)) {
          if (seen.insert(before).second) pending.push_back(before);
        } else if (block->getSinglePredecessor() != nullptr && before->getSingleSuccessor() == nullptr) {
          const auto use = first_use_.find(block);
          loads_.insert(use != first_use_.end() ? use->second : &*block->getFirstInsertionPt());
        } else {
          loads_.insert(before->getTerminator());
          have_at_end_.insert(before);
        }
      }
    }
  }

  LoadInst& value_;
  const Findings& findings_;
  llvm::MapVector<BasicBlock*, Places> places_;
  llvm::MapVector<BasicBlock*, Instruction*> first_use_;
  llvm::SmallPtrSet<const BasicBlock*, 16> have_at_end_;
  llvm::SmallSetVector<Instruction*, 8> loads_;
};

// --- Addresses ---

// Makes addresses where they are used, if a call comes between.
class AddressSinker {
 public:
  explicit AddressSinker(Findings& findings) : findings_(findings) {}

  // The addresses made of `base`; those that others are made of come last, and are sunk to the copies of these.
  void run(llvm::Value& base, uint32_t parts = kMostParts) {
    if (parts == 0) return;
    llvm::SmallVector<GetElementPtrInst*, 16> addresses;
    for (llvm::User* const user : base.users()) {
      if (auto* const address = dyn_cast<GetElementPtrInst>(user)) addresses.push_back(address);
    }
    for (GetElementPtrInst* const address : addresses) {
      run(*address, parts - 1);
      sink(*address);
    }
  }

 private:
  void sink(GetElementPtrInst& address) {
    llvm::SmallVector<llvm::Use*, 8> uses;
    for (llvm::Use& use : address.uses()) {
      if (is_address_in(use) && findings_.crosses_call(address, place_of(use))) uses.push_back(&use);
    }
    for (llvm::Use* const use : uses) {
      Instruction* const copy = address.clone();
      copy->insertBefore(&place_of(*use));
      // Also where one that was erased has lain.
      findings_.calls_before[copy] = findings_.calls_before.lookup(&place_of(*use));
      use->set(copy);
    }
    if (address.use_empty()) address.eraseFromParent();
  }

  Findings& findings_;
};

// --- Loads ---

LoadInst* load_before(Instruction& place, const LoadInst& value) {
  auto* const load = llvm::cast<LoadInst>(value.clone());
  load->setMetadata(llvm::LLVMContext::MD_invariant_load, nullptr);
  load->setDebugLoc(place.getDebugLoc());
  load->insertBefore(&place);
  return load;
}

using Loads = llvm::SmallVector<LoadInst*, 8>;

// Each use gets the last load before it.
void distribute(LoadInst& value, const Loads& loads) {
  llvm::MapVector<BasicBlock*, Loads> in_blocks;
  for (LoadInst* const load : loads) in_blocks[load->getParent()].push_back(load);
  llvm::SSAUpdater values;
  values.Initialize(value.getType(), value.getName());
  for (auto& [block, here] : in_blocks) {
    llvm::sort(here, [](const LoadInst* left, const LoadInst* right) { return left->comesBefore(right); });
    values.AddAvailableValue(block, here.back());
  }
  llvm::MapVector<BasicBlock*, llvm::SmallVector<llvm::Use*, 4>> from_before;
  for (llvm::Use& use : llvm::make_early_inc_range(value.uses())) {
    const Instruction& place = place_of(use);
    const Loads& here = in_blocks[place_of(use).getParent()];
    const auto* const next =
        llvm::partition_point(here, [&](const LoadInst* load) { return load->comesBefore(&place); });
    if (next != here.begin()) {
      use.set(*std::prev(next));
    } else {
      from_before[place_of(use).getParent()].push_back(&use);
    }
  }
  for (const auto& [block, uses] : from_before) {
    llvm::Value* const with = values.GetValueInMiddleOfBlock(block);
    for (llvm::Use* const use : uses) use->set(with);
  }
  if (value.use_empty()) value.eraseFromParent();
}

}  // namespace

llvm::PreservedAnalyses ReloadInvariants::run(llvm::Function& function,
                                              llvm::FunctionAnalysisManager& analyses) {
  if (function.getCallingConv() != llvm::CallingConv::Swift) return llvm::PreservedAnalyses::all();
  Findings findings(function);
  if (findings.calls_in.empty()) return llvm::PreservedAnalyses::all();
  const auto& loops = analyses.getResult<llvm::LoopAnalysis>(function);
  bool changed = false;
  for (LoadInst* const value : findings.values) {
    const Plan plan(*value, findings);
    if (!plan.pays(loops)) continue;
    Loads loads{value};
    for (Instruction* const place : plan.loads()) loads.push_back(load_before(*place, *value));
    AddressSinker(findings).run(*value);
    distribute(*value, loads);
    changed = true;
  }
  if (!changed) return llvm::PreservedAnalyses::all();
  llvm::PreservedAnalyses preserved;
  preserved.preserveSet<llvm::CFGAnalyses>();
  return preserved;
}

}  // namespace wherry::compiler
