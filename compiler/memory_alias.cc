// Which addresses of a linear memory are apart.
//
// An address is the memory's base, an index of 32 bits, and a constant offset that does not wrap. C's stack lies in linear memory, and its
// slots are named both ways: by the stack pointer and an offset, or by their own index, a sum that wraps. LLVM knows nothing of zext(a - 48)
// beside zext(a - 96) + 80, since it cannot tell whether one of them wrapped. But whatever wrapped, the difference is 32 but for a
// multiple of 4 GiB: two accesses overlap only if it is small modulo 2^32.
//
// Where it is 0 the places are the same, or the sum that does not wrap is outside of the memory and its access traps. So a load may have the
// value of a store to it (its mark keeps its trap, compiler/pin_loads.cc), but the store may not be taken for dead, or be replaced by
// another: nothing would trap in its place. So that two addresses must be the same is told to GVN only, which removes no stores.
// A memory with 64-bit addresses may have both places, 4 GiB apart, so there it is not told at all.
#include <llvm/Analysis/AliasAnalysis.h>
#include <llvm/IR/Operator.h>
#include <llvm/IR/PatternMatch.h>

#include "compiler/passes.h"

namespace wherry::compiler {
namespace {

// What an access is to: `difference` bytes behind where the index points.
struct Place {
  const llvm::Value* base = nullptr;
  const llvm::Value* index = nullptr;
  uint32_t difference = 0;  // Modulo 2^32.
};

Place place_of(const llvm::Value* address, const llvm::DataLayout& layout) {
  namespace match = llvm::PatternMatch;
  llvm::APInt offset(layout.getIndexTypeSizeInBits(address->getType()), 0);
  address = address->stripAndAccumulateConstantOffsets(layout, offset, true);
  const auto* const step = llvm::dyn_cast<llvm::GEPOperator>(address);
  if (step == nullptr || step->getNumIndices() != 1 || !step->getSourceElementType()->isIntegerTy(8))
    return {};
  llvm::Value* index = nullptr;
  if (!match::match(step->getOperand(1), match::m_ZExt(match::m_Value(index))) ||
      !index->getType()->isIntegerTy(32))
    return {};
  const llvm::APInt* sum = nullptr;
  llvm::Value* rest = nullptr;
  uint64_t difference = static_cast<uint64_t>(offset.getSExtValue());
  if (match::match(index, match::m_AddLike(match::m_Value(rest), match::m_APInt(sum)))) {
    difference += sum->getZExtValue();
    index = rest;
  }
  return {step->getPointerOperand(), index, static_cast<uint32_t>(difference)};
}

// Whether a value is the same in all rounds of all loops.
bool is_fixed(const llvm::Value* value) {
  const auto* const instruction = llvm::dyn_cast<llvm::Instruction>(value);
  return instruction == nullptr || instruction->getParent()->isEntryBlock();
}

}  // namespace

llvm::AliasResult LinearMemoryAliases::alias(const llvm::MemoryLocation& left,
                                             const llvm::MemoryLocation& right, llvm::AAQueryInfo& query,
                                             const llvm::Instruction*) const {
  constexpr uint64_t kMostBytes = 1 << 16;
  if (!left.Size.isPrecise() || !right.Size.isPrecise() || left.Size.isScalable() || right.Size.isScalable())
    return llvm::AliasResult::MayAlias;
  const uint64_t left_bytes = left.Size.getValue().getFixedValue();
  const uint64_t right_bytes = right.Size.getValue().getFixedValue();
  if (left_bytes > kMostBytes || right_bytes > kMostBytes) return llvm::AliasResult::MayAlias;
  const Place one = place_of(left.Ptr, *layout_);
  if (one.base == nullptr) return llvm::AliasResult::MayAlias;
  const Place other = place_of(right.Ptr, *layout_);
  if (other.base != one.base || other.index != one.index) return llvm::AliasResult::MayAlias;
  // The vectorizer asks about accesses of different rounds, in which one name may mean two numbers.
  if (query.MayBeCrossIteration && !(is_fixed(one.base) && is_fixed(one.index)))
    return llvm::AliasResult::MayAlias;
  const uint32_t ahead = other.difference - one.difference;
  const uint32_t behind = one.difference - other.difference;
  if (ahead >= left_bytes && behind >= right_bytes) return llvm::AliasResult::NoAlias;
  if (ahead == 0 && left_bytes == right_bytes && *tells_same_) return llvm::AliasResult::MustAlias;
  return llvm::AliasResult::MayAlias;
}

llvm::AnalysisKey LinearMemoryAA::Key;

}  // namespace wherry::compiler
