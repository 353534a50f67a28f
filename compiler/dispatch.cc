// Loops around a switch, as interpreters are: their jump is copied behind each arm.
//
// One jump that all arms share is guessed by what ran before it, and how far that reaches back depends on where the code happens to lie: the
// kernel vm took 34, 58 or 87 ms, natively 60 to 80. With a jump of its own behind each arm it takes 19 to 27.
//
// Code generation (TailDuplication) copies blocks that end in a jump through a table, but a switch whose table has a default is two
// blocks, the first of which compares. So every value of the index gets a case: all of a byte, or as many as there are and one more, which a
// minimum maps the others to. What is left as default cannot happen.
//
// Such an arm then begins a cache line (align_arms.cc), and has its look at the deadline in front of its jump.
//
// Copies of all arms lead to all arms, so what this takes grows with the square: large loops are left as they are, as are those whose
// first block is long. LLVM 19 has a limit of its own, which set_up_llvm() raises to ours.
#include <llvm/ADT/DenseSet.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Intrinsics.h>

#include "compiler/passes.h"

namespace wherry::compiler {
namespace {

constexpr uint32_t kLeastArms = 8;
constexpr uint32_t kMostArms = 64;
constexpr uint32_t kMostCases = 256;
constexpr ptrdiff_t kLongest = 12;
constexpr uint64_t kSparsest =
    4;  // Values for each case. LLVM makes comparisons of what is sparse, not a table.

uint64_t last_case(const llvm::SwitchInst* table) {
  uint64_t last = 0;
  for (const auto& one : table->cases()) last = std::max(last, one.getCaseValue()->getZExtValue());
  return last;
}

bool is_byte(const llvm::SwitchInst* table) {
  const llvm::DataLayout& layout = table->getDataLayout();
  return llvm::computeKnownBits(table->getCondition(), layout).getMaxValue().ult(kMostCases);
}

// Whether all values of the index can be listed, and one more that is no case.
bool can_list(const llvm::SwitchInst* table) {
  const uint32_t bits = table->getCondition()->getType()->getIntegerBitWidth();
  if (bits < 8 || bits > 64 || (bits == 8 && !is_byte(table))) return false;
  const uint64_t last = last_case(table);
  return last < kMostCases - 1 && last < kSparsest * table->getNumCases();
}

// Gives all values of the index a case, one behind the last of them stands for those that are larger.
void list_all(llvm::SwitchInst* table) {
  llvm::IRBuilder<> builder(table);
  llvm::Value* index = table->getCondition();
  uint64_t last = kMostCases - 1;
  if (!is_byte(table)) {
    last = last_case(table) + 1;
    index = builder.CreateBinaryIntrinsic(llvm::Intrinsic::umin, index,
                                          llvm::ConstantInt::get(index->getType(), last));
    table->setCondition(index);
  }
  llvm::BasicBlock* const block = table->getParent();
  llvm::BasicBlock* const other = table->getDefaultDest();
  llvm::SmallDenseSet<uint64_t, 64> listed;
  for (const auto& one : table->cases()) listed.insert(one.getCaseValue()->getZExtValue());
  auto* const type = llvm::cast<llvm::IntegerType>(index->getType());
  for (uint64_t value = 0; value <= last; ++value) {
    if (listed.contains(value)) continue;
    table->addCase(llvm::ConstantInt::get(type, value), other);
    for (llvm::PHINode& phi : other->phis()) phi.addIncoming(phi.getIncomingValueForBlock(block), block);
  }
  table->setMetadata(llvm::LLVMContext::MD_prof, nullptr);  // Of the cases that it had.
  for (llvm::PHINode& phi : other->phis()) phi.removeIncomingValue(block, false);
  llvm::BasicBlock* const never = llvm::BasicBlock::Create(table->getContext(), "", block->getParent());
  new llvm::UnreachableInst(table->getContext(), never);
  table->setDefaultDest(never);
}

// How many blocks go back to a loop's switch.
size_t count_arms(const llvm::Loop& loop) {
  llvm::BasicBlock* const header = loop.getHeader();
  llvm::BasicBlock* const latch = loop.getLoopLatch();
  const bool is_empty = latch != nullptr && latch != header && latch->getSingleSuccessor() == header &&
                        latch->getFirstNonPHIOrDbg() == latch->getTerminator();
  llvm::SmallPtrSet<const llvm::BasicBlock*, 16> arms;
  for (const llvm::BasicBlock* const block : llvm::predecessors(is_empty ? latch : header)) {
    if (loop.contains(block)) arms.insert(block);
  }
  return arms.size();
}

}  // namespace

llvm::PreservedAnalyses CopyDispatch::run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses) {
  bool any = false;
  for (const llvm::Loop* const loop : analyses.getResult<llvm::LoopAnalysis>(function).getLoopsInPreorder()) {
    llvm::BasicBlock* const header = loop->getHeader();
    auto* const table = llvm::dyn_cast<llvm::SwitchInst>(header->getTerminator());
    if (table == nullptr || table->getNumCases() < kLeastArms || table->getNumCases() > kMostArms) continue;
    if (std::distance(header->getFirstNonPHIIt(), header->end()) > kLongest) continue;
    const size_t arms = count_arms(*loop);
    if (arms < kLeastArms || arms > kMostArms || !can_list(table)) continue;
    list_all(table);
    any = true;
  }
  return any ? llvm::PreservedAnalyses::none() : llvm::PreservedAnalyses::all();
}

}  // namespace wherry::compiler
