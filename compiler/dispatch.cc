// Loops around a switch, as interpreters are: their jump is copied behind each arm.
//
// One jump that all arms share is guessed by what ran before it, and how far that reaches back depends on where the code happens to lie: the
// kernel vm took 34, 58 or 87 ms, natively 60 to 80. With a jump of its own behind each arm it takes 19 to 27.
//
// Code generation (TailDuplication) copies blocks that end in a jump through a table, but a switch whose table has a default is two
// blocks, the first of which compares. So every value of the index gets a case: all of a byte, or as many as there are and one more, which a
// minimum maps the others to. What is left as default cannot happen.
//
// Such a loop looks at the deadline by its index, too: when the store wants the code to look, the index becomes the last value, whose
// block has the test and the switch as it was. One operand more of an arm; a branch in each arm took 1.4 times as long.
//
// Such an arm then begins a cache line (align_arms.cc).
//
// Copies of all arms lead to all arms, so what this takes grows with the square: large loops are left as they are, as are those whose
// first block is long. LLVM 19 has a limit of its own, which set_up_llvm() raises to ours.
#include <llvm/ADT/SetVector.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Intrinsics.h>

#include "compiler/passes.h"
#include "engine/abi/native.h"

namespace wherry::compiler {
namespace {

constexpr uint32_t kLeastArms = 8;
constexpr uint32_t kMostArms = 64;
constexpr uint32_t kMostCases = 256;
constexpr ptrdiff_t kLongest = 12;
constexpr uint64_t kSparsest =
    4;  // Values for each case. LLVM makes comparisons of what is sparse, not a table.
constexpr const char* kLooks = "wherry.looks";

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

// An index that is at most `last`, and that only if it was none of the cases, or `mask` (a byte) is not 0, but all ones.
struct Index {
  llvm::Value* value;
  uint64_t last;
};

Index make_index(llvm::SwitchInst* table, llvm::Value* mask) {
  llvm::IRBuilder<> builder(table);
  llvm::Value* value = table->getCondition();
  llvm::Type* const type = value->getType();
  if (is_byte(table)) {
    if (mask != nullptr) value = builder.CreateOr(value, builder.CreateZExt(mask, type));
    return {value, kMostCases - 1};
  }
  const uint64_t last = last_case(table) + 1;
  if (mask != nullptr) value = builder.CreateOr(value, builder.CreateSExt(mask, type));
  return {builder.CreateBinaryIntrinsic(llvm::Intrinsic::umin, value, llvm::ConstantInt::get(type, last)),
          last};
}

// The last byte of StoreState::native_look: an address, or all ones.
llvm::Value* load_mask(llvm::BasicBlock* before, llvm::SwitchInst* table) {
  llvm::IRBuilder<> builder(before->getTerminator());
  const auto field = [&](llvm::Value* base, uint64_t offset) {
    return builder.CreateConstGEP1_64(builder.getInt8Ty(), base, offset);
  };
  llvm::LoadInst* const store = builder.CreateAlignedLoad(
      builder.getPtrTy(), field(table->getFunction()->getArg(0), offsetof(abi::Context, store)),
      llvm::Align(8));
  store->setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(table->getContext(), {}));
  llvm::Value* const place = field(store, offsetof(abi::StoreState, native_look) + sizeof(uintptr_t) - 1);
  builder.SetInsertPoint(table);
  // Volatile, or code generation moves it out of loops that store nothing.
  return builder.CreateAlignedLoad(builder.getInt8Ty(), place, llvm::Align(1), /*isVolatile=*/true);
}

// A block with the same switch.
llvm::BasicBlock* repeat(llvm::SwitchInst* table) {
  llvm::BasicBlock* const block = table->getParent();
  llvm::BasicBlock* const apart = llvm::BasicBlock::Create(table->getContext(), "", block->getParent());
  table->clone()->insertInto(apart, apart->end());
  const llvm::SmallSetVector<llvm::BasicBlock*, 32> targets(llvm::succ_begin(block), llvm::succ_end(block));
  for (llvm::BasicBlock* const target : targets) {
    const auto edges = llvm::count(llvm::successors(apart), target);
    for (llvm::PHINode& phi : target->phis()) {
      llvm::Value* const value = phi.getIncomingValueForBlock(block);
      for (ptrdiff_t i = 0; i < edges; ++i) phi.addIncoming(value, apart);
    }
  }
  return apart;
}

// Gives all values of the index a case. With a mask, the last of them leads to the switch as it was, in a block of its own.
void list_all(llvm::SwitchInst* table, llvm::Value* mask) {
  llvm::BasicBlock* const block = table->getParent();
  llvm::BasicBlock* const other = table->getDefaultDest();
  llvm::BasicBlock* const apart = mask == nullptr ? nullptr : repeat(table);
  const Index index = make_index(table, mask);
  llvm::SmallDenseSet<uint64_t, 64> listed;
  for (const auto& one : table->cases()) listed.insert(one.getCaseValue()->getZExtValue());
  auto* const type = llvm::cast<llvm::IntegerType>(index.value->getType());
  const auto lead = [&](uint64_t value, llvm::BasicBlock* target) {
    table->addCase(llvm::ConstantInt::get(type, value), target);
    if (target == apart) return;
    for (llvm::PHINode& phi : target->phis()) phi.addIncoming(phi.getIncomingValueForBlock(block), block);
  };
  for (uint64_t value = 0; value < index.last; ++value) {
    if (!listed.contains(value)) lead(value, other);
  }
  lead(index.last, apart == nullptr ? other : apart);
  table->setCondition(index.value);
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

bool looks_by_index(const llvm::BasicBlock& block) {
  return block.getTerminator()->getMetadata(kLooks) != nullptr;
}

llvm::PreservedAnalyses CopyDispatch::run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses) {
  bool any = false;
  for (const llvm::Loop* const loop : analyses.getResult<llvm::LoopAnalysis>(function).getLoopsInPreorder()) {
    llvm::BasicBlock* const header = loop->getHeader();
    auto* const table = llvm::dyn_cast<llvm::SwitchInst>(header->getTerminator());
    if (table == nullptr || table->getNumCases() < kLeastArms || table->getNumCases() > kMostArms) continue;
    if (std::distance(header->getFirstNonPHIIt(), header->end()) > kLongest) continue;
    const size_t arms = count_arms(*loop);
    if (arms < kLeastArms || arms > kMostArms || !can_list(table)) continue;
    llvm::BasicBlock* const before = loop->getLoopPreheader();
    const bool looks = looks_ && before != nullptr;
    list_all(table, looks ? load_mask(before, table) : nullptr);
    if (looks) table->setMetadata(kLooks, llvm::MDNode::get(function.getContext(), {}));
    any = true;
  }
  return any ? llvm::PreservedAnalyses::none() : llvm::PreservedAnalyses::all();
}

}  // namespace wherry::compiler
