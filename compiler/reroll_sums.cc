// Sums that their producer unrolled, rolled up again.
//
// Compilers to Wasm unroll loops by four, since most engines do not. What LLVM then finds is four loads with strides of four, which it puts
// together by shuffles: a dot product of 16-bit numbers took 8 times the native time. LLVM 19 has no pass any more that rolls loops up.
//
// So this one does, for what the vectorizer gains most on: loops of one block that store nothing and whose other values are sums of integers. The
// terms of a sum have to fall into k lanes, the terms of lane j the same as of lane 0 but for addresses that are j steps farther on. Then
// lanes but the first go, and the counters advance by a k-th. Sums wrap, so their order is free.
//
// The counters only say so if nothing wraps in between and the loop ends where it ended: they are multiples of their step, a power
// of two, and so is the bound. Marks of loads (compiler/pin_loads.cc) go with the lanes: each round of the new loop has those of the first.
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Operator.h>
#include <llvm/IR/PatternMatch.h>
#include <llvm/Transforms/Utils/Local.h>

#include "compiler/passes.h"

namespace wherry::compiler {
namespace {

namespace match = llvm::PatternMatch;
using llvm::dyn_cast;
using llvm::Instruction;
using llvm::Value;

constexpr uint32_t kMostLanes = 8;
constexpr uint32_t kMostTerms = 32;
constexpr uint32_t kMostInstructions = 400;
constexpr uint32_t kMostDepth = 8;

struct Counter {
  llvm::PHINode* phi;
  Instruction* next;  // phi + step
  uint64_t step;
};

struct Sum {
  llvm::PHINode* phi;
  Instruction* next;
  llvm::SmallVector<Value*, 16> terms;
  llvm::SmallVector<Value*, 8> kept;  // Those of lane 0.
};

// base + zext(counter + sum) + offset
struct Place {
  const Value* base = nullptr;
  const Value* index = nullptr;
  uint64_t sum = 0;
  int64_t offset = 0;
};

class Roller {
 public:
  Roller(llvm::Loop& loop, llvm::ScalarEvolution& evolution)
      : loop_(loop), block_(*loop.getHeader()), evolution_(evolution), layout_(block_.getDataLayout()) {}

  bool run() {
    if (loop_.getNumBlocks() != 1 || loop_.getLoopPreheader() == nullptr || block_.size() > kMostInstructions)
      return false;
    if (!has_only_loads() || !sort_phis() || counters_.empty() || sums_.empty() || !ends_at_bound() ||
        !has_only_totals())
      return false;
    for (uint32_t lanes = kMostLanes; lanes >= 2; lanes /= 2) {
      if (!divides(lanes)) continue;
      lanes_ = lanes;
      if (!llvm::all_of(sums_, [&](Sum& sum) { return sort_terms(sum); })) continue;
      if (!has_only_terms()) return false;
      roll();
      return true;
    }
    return false;
  }

 private:
  bool has_only_loads() const {
    return llvm::all_of(block_, [&](const Instruction& instruction) {
      if (is_mark(instruction)) return true;
      if (const auto* const load = dyn_cast<llvm::LoadInst>(&instruction)) return load->isSimple();
      return !instruction.mayHaveSideEffects() && !instruction.mayReadFromMemory();
    });
  }

  bool is_used_outside(const Instruction& value) const {
    return llvm::any_of(value.users(), [&](const llvm::User* user) {
      return llvm::cast<Instruction>(user)->getParent() != &block_;
    });
  }

  bool sort_phis() {
    for (llvm::PHINode& phi : block_.phis()) {
      if (!phi.getType()->isIntegerTy() || is_used_outside(phi)) return false;
      auto* const next = dyn_cast<Instruction>(phi.getIncomingValueForBlock(&block_));
      if (next == nullptr || next->getParent() != &block_ || next->getOpcode() != Instruction::Add)
        return false;
      const llvm::APInt* step = nullptr;
      if (match::match(next, match::m_Add(match::m_Specific(&phi), match::m_APInt(step)))) {
        if (step->getBitWidth() > 64 || !step->isPowerOf2()) return false;
        counters_.push_back({&phi, next, step->getZExtValue()});
        continue;
      }
      Sum sum{&phi, next, {}, {}};
      if (!find_terms(sum)) return false;
      sums_.push_back(std::move(sum));
    }
    return true;
  }

  // Whether nothing else is used behind the loop: it would be of the new loop's last round, which reads less than the old one's.
  bool has_only_totals() const {
    return llvm::all_of(block_, [&](const Instruction& value) {
      const auto is_next = [&](const auto& one) { return one.next == &value; };
      return llvm::any_of(sums_, is_next) || llvm::any_of(counters_, is_next) || !is_used_outside(value);
    });
  }

  // What is added up besides the sum so far; that occurs once.
  bool find_terms(Sum& sum) const {
    uint32_t found = 0;
    llvm::SmallVector<Value*, 8> pending{sum.next};
    while (!pending.empty()) {
      Value* const value = pending.pop_back_val();
      if (value == sum.phi) {
        ++found;
        continue;
      }
      auto* const add = dyn_cast<Instruction>(value);
      const bool is_part = add != nullptr && add->getParent() == &block_ &&
                           add->getOpcode() == Instruction::Add && (value == sum.next || add->hasOneUse());
      if (is_part) {
        pending.push_back(add->getOperand(0));
        pending.push_back(add->getOperand(1));
      } else {
        sum.terms.push_back(value);
      }
      if (sum.terms.size() > kMostTerms) return false;
    }
    return found == 1 && sum.phi->hasOneUse();
  }

  // Multiples of the step from the beginning on.
  bool is_multiple(const Value* value, uint64_t step) const {
    return evolution_.getMinTrailingZeros(evolution_.getSCEV(const_cast<Value*>(value))) >=
           llvm::Log2_64(step);
  }

  bool ends_at_bound() {
    auto* const branch = dyn_cast<llvm::BranchInst>(block_.getTerminator());
    if (branch == nullptr || !branch->isConditional()) return false;
    auto* const test = dyn_cast<llvm::ICmpInst>(branch->getCondition());
    if (test == nullptr || !test->isEquality() || !test->hasOneUse()) return false;
    // It goes on while they differ.
    if (branch->getSuccessor(test->getPredicate() == llvm::CmpInst::ICMP_NE ? 0 : 1) != &block_) return false;
    for (const Counter& counter : counters_) {
      if (!is_multiple(counter.phi->getIncomingValueForBlock(loop_.getLoopPreheader()), counter.step))
        return false;
      for (uint32_t i = 0; i < 2; ++i) {
        if (test->getOperand(i) != counter.next || !loop_.isLoopInvariant(test->getOperand(1 - i))) continue;
        if (is_multiple(test->getOperand(1 - i), counter.step)) test_ = test;
      }
    }
    return test_ != nullptr;
  }

  bool divides(uint32_t lanes) const {
    return llvm::all_of(counters_, [&](const Counter& counter) { return counter.step >= lanes; }) &&
           llvm::all_of(sums_,
                        [&](const Sum& sum) { return !sum.terms.empty() && sum.terms.size() % lanes == 0; });
  }

  // --- Lanes ---

  Place place_of(const Value* address) const {
    llvm::APInt offset(layout_.getIndexTypeSizeInBits(address->getType()), 0);
    address = address->stripAndAccumulateConstantOffsets(layout_, offset, true);
    const auto* const step = dyn_cast<llvm::GEPOperator>(address);
    if (step == nullptr || step->getNumIndices() != 1 || !step->getSourceElementType()->isIntegerTy(8))
      return {};
    Value* index = nullptr;
    if (!match::match(step->getOperand(1), match::m_ZExt(match::m_Value(index)))) return {};
    const llvm::APInt* sum = nullptr;
    Value* rest = nullptr;
    Place place{step->getPointerOperand(), index, 0, offset.getSExtValue()};
    if (match::match(index, match::m_AddLike(match::m_Value(rest), match::m_APInt(sum)))) {
      place.index = rest;
      place.sum = sum->getZExtValue();
    }
    return place;
  }

  const Counter* counter_of(const Value* value) const {
    const auto found = llvm::find_if(counters_, [&](const Counter& counter) { return counter.phi == value; });
    return found == counters_.end() ? nullptr : found;
  }

  // Whether the second address is the first, `lane` steps farther on. Either its sum is, or its offset; a counter that is a multiple of its step
  // does not wrap between two.
  bool follows(const Value* first, const Value* second, uint32_t lane) const {
    const Place one = place_of(first);
    const Place other = place_of(second);
    if (one.base == nullptr || one.base != other.base || one.index != other.index ||
        !loop_.isLoopInvariant(one.base))
      return false;
    const Counter* const counter = counter_of(one.index);
    if (counter == nullptr) return false;
    const uint64_t distance = counter->step / lanes_ * lane;
    const uint64_t bits = counter->phi->getType()->getIntegerBitWidth();
    const uint64_t mask = bits >= 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
    if (one.offset == other.offset) return ((other.sum - one.sum) & mask) == distance;
    return one.sum == 0 && other.sum == 0 && static_cast<uint64_t>(other.offset - one.offset) == distance;
  }

  bool matches(const Value* first, const Value* second, uint32_t lane, uint32_t depth = 0) const {
    if (first->getType() != second->getType() || depth > kMostDepth) return false;
    const auto* const one = dyn_cast<Instruction>(first);
    const auto* const other = dyn_cast<Instruction>(second);
    if (one == nullptr || other == nullptr || one->getParent() != &block_ || other->getParent() != &block_)
      return first == second && loop_.isLoopInvariant(first);
    if (one->getOpcode() != other->getOpcode() || llvm::isa<llvm::PHINode>(one)) return false;
    if (const auto* const load = dyn_cast<llvm::LoadInst>(one))
      return follows(load->getPointerOperand(), llvm::cast<llvm::LoadInst>(other)->getPointerOperand(), lane);
    if (!llvm::isa<llvm::CastInst>(one) && !llvm::isa<llvm::BinaryOperator>(one)) return false;
    if (!one->isSameOperationAs(other)) return false;
    const auto same = [&](uint32_t left, uint32_t right) {
      return matches(one->getOperand(left), other->getOperand(right), lane, depth + 1);
    };
    if (one->getNumOperands() == 1) return same(0, 0);
    return (same(0, 0) && same(1, 1)) || (one->isCommutative() && same(0, 1) && same(1, 0));
  }

  // A term is of lane 0 if those of all other lanes are there. Lower addresses come first, so that nothing is taken for a first that is none.
  bool sort_terms(Sum& sum) const {
    sum.kept.clear();
    llvm::SmallVector<Value*, 16> left(sum.terms);
    while (!left.empty()) {
      const auto first = llvm::find_if(left, [&](Value* term) {
        return llvm::none_of(left, [&](Value* other) {
          for (uint32_t lane = 1; lane < lanes_; ++lane) {
            if (matches(other, term, lane)) return true;
          }
          return false;
        });
      });
      if (first == left.end()) return false;
      Value* const term = *first;
      left.erase(first);
      sum.kept.push_back(term);
      for (uint32_t lane = 1; lane < lanes_; ++lane) {
        const auto found = llvm::find_if(left, [&](Value* other) { return matches(term, other, lane); });
        if (found == left.end()) return false;
        left.erase(found);
      }
    }
    return true;
  }

  // Whether nothing is read but by the terms, and no mark stands for anything else.
  bool has_only_terms() const {
    llvm::SmallVector<const Value*, 32> pending;
    for (const Sum& sum : sums_) pending.append(sum.terms.begin(), sum.terms.end());
    llvm::SmallPtrSet<const Instruction*, 32> parts;
    while (!pending.empty()) {
      const auto* const part = dyn_cast<Instruction>(pending.pop_back_val());
      if (part == nullptr || part->getParent() != &block_ || llvm::isa<llvm::PHINode>(part)) continue;
      if (parts.insert(part).second) pending.append(part->value_op_begin(), part->value_op_end());
    }
    for (const Counter& counter : counters_) {
      if (parts.contains(counter.next)) return false;
    }
    return llvm::all_of(block_, [&](const Instruction& instruction) {
      if (llvm::isa<llvm::LoadInst>(instruction)) return parts.contains(&instruction);
      return !is_mark(instruction) || llvm::any_of(parts, [&](const Instruction* part) {
        const auto* const load = dyn_cast<llvm::LoadInst>(part);
        return load != nullptr &&
               is_same(place_of(load->getPointerOperand()), place_of(instruction.getOperand(0))) &&
               match::match(instruction.getOperand(3),
                            match::m_SpecificInt(layout_.getTypeStoreSize(load->getType()).getFixedValue()));
      });
    });
  }

  static bool is_same(const Place& one, const Place& other) {
    return one.base != nullptr && one.base == other.base && one.index == other.index &&
           one.sum == other.sum && one.offset == other.offset;
  }

  // --- Rolling ---

  void roll() {
    for (Sum& sum : sums_) {
      llvm::IRBuilder<> builder(sum.next);
      Value* total = sum.phi;
      for (Value* const term : sum.kept) total = builder.CreateAdd(total, term);
      sum.next->replaceAllUsesWith(total);
      llvm::RecursivelyDeleteTriviallyDeadInstructions(sum.next);
    }
    for (const Counter& counter : counters_) {
      counter.next->setOperand(counter.next->getOperand(0) == counter.phi ? 1 : 0,
                               llvm::ConstantInt::get(counter.phi->getType(), counter.step / lanes_));
      counter.next->dropPoisonGeneratingFlags();
    }
    drop_marks();
    drop_promises();
    evolution_.forgetLoop(&loop_);
  }

  // Lane 0 has the numbers of all lanes now, for which nobody proved what its instructions promise: a counter that is a multiple of 4 may
  // have been increased by an `or`.
  void drop_promises() {
    for (Instruction& instruction : llvm::make_early_inc_range(block_)) {
      const auto* const disjoint = dyn_cast<llvm::PossiblyDisjointInst>(&instruction);
      if (disjoint != nullptr && disjoint->isDisjoint()) {
        llvm::IRBuilder<> builder(&instruction);
        Value* const sum = builder.CreateAdd(instruction.getOperand(0), instruction.getOperand(1));
        instruction.replaceAllUsesWith(sum);
        instruction.eraseFromParent();
      } else {
        instruction.dropPoisonGeneratingAnnotations();
      }
    }
  }

  // Marks whose loads are gone.
  void drop_marks() {
    llvm::SmallVector<Place, 16> read;
    for (const Instruction& instruction : block_) {
      const auto* const load = dyn_cast<llvm::LoadInst>(&instruction);
      if (load != nullptr && !load->use_empty()) read.push_back(place_of(load->getPointerOperand()));
    }
    for (Instruction& instruction : llvm::make_early_inc_range(block_)) {
      if (!is_mark(instruction)) continue;
      const Place place = place_of(instruction.getOperand(0));
      if (llvm::any_of(read, [&](const Place& one) { return is_same(one, place); })) continue;
      Value* const address = instruction.getOperand(0);
      instruction.eraseFromParent();
      llvm::RecursivelyDeleteTriviallyDeadInstructions(address);
    }
  }

  llvm::Loop& loop_;
  llvm::BasicBlock& block_;
  llvm::ScalarEvolution& evolution_;
  const llvm::DataLayout& layout_;
  llvm::SmallVector<Counter, 4> counters_;
  llvm::SmallVector<Sum, 2> sums_;
  llvm::ICmpInst* test_ = nullptr;
  uint32_t lanes_ = 0;
};

}  // namespace

llvm::PreservedAnalyses RerollSums::run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses) {
  llvm::LoopInfo& loops = analyses.getResult<llvm::LoopAnalysis>(function);
  if (loops.empty()) return llvm::PreservedAnalyses::all();
  llvm::ScalarEvolution& evolution = analyses.getResult<llvm::ScalarEvolutionAnalysis>(function);
  bool changed = false;
  for (llvm::Loop* const loop : loops.getLoopsInPreorder()) changed |= Roller(*loop, evolution).run();
  if (!changed) return llvm::PreservedAnalyses::all();
  llvm::PreservedAnalyses preserved;
  preserved.preserveSet<llvm::CFGAnalyses>();
  return preserved;
}

}  // namespace wherry::compiler
