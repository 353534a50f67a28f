// That arithmetic makes NaNs quiet (core spec 4.3.3), although LLVM drops operations on the way.
//
// For LLVM x * 1, x / 1, x - 0, x + -0 and the narrowing of what was widened are x, and x * -1, x / -1 and -0 - x a change of sign: it
// does not promise to make a signalling NaN quiet, and a NaN's bits can be seen. The constant need not stand beside the operation: it may come
// through a local, a phi, a call or a constant computation. So this runs when locals have become values and nothing is simplified yet. What
// has such an operand is made quiet by integer instructions, which nothing folds. Others (x + 1, 1 / x, x * 0) stay, and make NaNs quiet themselves.
//
// A constant that only a later pass finds out, such as one proven by a comparison or in the first turn of an unrolled loop, is not foreseen.
// Constrained intrinsics would be exact there too, and keep the vectorizer from every loop.
#include <llvm/ADT/SmallPtrSet.h>
#include <llvm/Analysis/ConstantFolding.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Module.h>

#include <memory>

#include "compiler/passes.h"

namespace wherry::compiler {
namespace {

using llvm::dyn_cast;
using llvm::Instruction;
using llvm::isa;
using llvm::Value;

constexpr uint32_t kMostDepth = 8;
constexpr uint32_t kMostCallers = 256;

// Whether LLVM would drop an operation that has the number as an operand, or turn it into a change of sign.
bool is_identity(uint32_t opcode, const llvm::APFloat& number) {
  if (opcode == Instruction::FAdd || opcode == Instruction::FSub) return number.isZero();
  return number.isExactlyValue(1.0) || number.isExactlyValue(-1.0);
}

// The same of a vector with such an element.
bool is_identity(uint32_t opcode, const llvm::Constant& constant) {
  if (const auto* number = dyn_cast<llvm::ConstantFP>(&constant))
    return is_identity(opcode, number->getValueAPF());
  const auto* const vector = dyn_cast<llvm::FixedVectorType>(constant.getType());
  for (uint32_t i = 0; vector != nullptr && i < vector->getNumElements(); ++i) {
    const auto* const element = llvm::dyn_cast_or_null<llvm::ConstantFP>(constant.getAggregateElement(i));
    if (element != nullptr && is_identity(opcode, element->getValueAPF())) return true;
  }
  return false;
}

// Of the functions of a module, made when asked for.
class Dominators {
 public:
  // Of a loop's header: the accumulator of a sum begins with 0, but no operation on it is dropped before the loop is unrolled.
  bool is_loop_phi(const llvm::PHINode& phi) {
    std::unique_ptr<llvm::DominatorTree>& tree = trees_[phi.getFunction()];
    if (!tree) tree = std::make_unique<llvm::DominatorTree>(*const_cast<llvm::Function*>(phi.getFunction()));
    return llvm::any_of(phi.blocks(),
                        [&](const llvm::BasicBlock* from) { return tree->dominates(phi.getParent(), from); });
  }

 private:
  llvm::DenseMap<const llvm::Function*, std::unique_ptr<llvm::DominatorTree>> trees_;
};

class Search {
 public:
  Search(uint32_t opcode, const llvm::DataLayout& layout, Dominators& dominators)
      : opcode_(opcode), layout_(layout), dominators_(dominators) {}

  bool may_be_identity(Value* value, uint32_t depth = 0) {
    if (const auto* constant = dyn_cast<llvm::Constant>(value)) return is_identity(opcode_, *constant);
    if (depth > kMostDepth || !seen_.insert(value).second) return false;
    if (auto* phi = dyn_cast<llvm::PHINode>(value)) {
      return !dominators_.is_loop_phi(*phi) &&
             llvm::any_of(phi->incoming_values(),
                          [&](const llvm::Use& use) { return may_be_identity(use.get(), depth + 1); });
    }
    if (auto* select = dyn_cast<llvm::SelectInst>(value)) {
      return may_be_identity(select->getTrueValue(), depth + 1) ||
             may_be_identity(select->getFalseValue(), depth + 1);
    }
    if (auto* argument = dyn_cast<llvm::Argument>(value)) return is_passed(*argument, depth);
    if (auto* call = dyn_cast<llvm::CallInst>(value); call != nullptr && call->getIntrinsicID() == 0)
      return is_returned(call->getCalledFunction(), depth);
    const llvm::Constant* const known = evaluate(value, depth);
    return known != nullptr && is_identity(opcode_, *known);
  }

 private:
  bool is_passed(const llvm::Argument& argument, uint32_t depth) {
    uint32_t callers = 0;
    for (const llvm::User* const user : argument.getParent()->users()) {
      const auto* const call = dyn_cast<llvm::CallInst>(user);
      if (call == nullptr || call->getCalledOperand() != argument.getParent()) continue;
      if (++callers > kMostCallers || may_be_identity(call->getArgOperand(argument.getArgNo()), depth + 1))
        return true;
    }
    return false;
  }

  bool is_returned(llvm::Function* callee, uint32_t depth) {
    if (callee == nullptr) return false;
    for (llvm::BasicBlock& block : *callee) {
      const auto* const end = dyn_cast<llvm::ReturnInst>(block.getTerminator());
      if (end != nullptr && end->getReturnValue() != nullptr &&
          may_be_identity(end->getReturnValue(), depth + 1))
        return true;
    }
    return false;
  }

  // What comes from constants alone.
  llvm::Constant* evaluate(Value* value, uint32_t depth) {
    if (auto* constant = dyn_cast<llvm::Constant>(value)) return constant;
    auto* const instruction = dyn_cast<Instruction>(value);
    if (instruction == nullptr || depth > kMostDepth || isa<llvm::PHINode>(value) ||
        instruction->mayReadOrWriteMemory())
      return nullptr;
    llvm::SmallVector<llvm::Constant*, 4> operands;
    for (const llvm::Use& operand : instruction->operands()) {
      llvm::Constant* const known = evaluate(operand.get(), depth + 1);
      if (known == nullptr) return nullptr;
      operands.push_back(known);
    }
    return llvm::ConstantFoldInstOperands(instruction, operands, layout_);
  }

  const uint32_t opcode_;
  const llvm::DataLayout& layout_;
  Dominators& dominators_;
  llvm::SmallPtrSet<const Value*, 16> seen_;
};

// Whether narrowing gives back what was widened, by LLVM's lights.
bool may_be_widened(const Value* value, uint32_t depth = 0) {
  if (isa<llvm::FPExtInst>(value)) return true;
  if (depth > 2) return false;
  if (const auto* phi = dyn_cast<llvm::PHINode>(value)) {
    return llvm::any_of(phi->incoming_values(),
                        [&](const llvm::Use& use) { return may_be_widened(use.get(), depth + 1); });
  }
  const auto* const select = dyn_cast<llvm::SelectInst>(value);
  return select != nullptr && (may_be_widened(select->getTrueValue(), depth + 1) ||
                               may_be_widened(select->getFalseValue(), depth + 1));
}

bool may_be_dropped(Instruction& instruction, const llvm::DataLayout& layout, Dominators& dominators) {
  const uint32_t opcode = instruction.getOpcode();
  const auto may_be_identity = [&](uint32_t operand) {
    return Search(opcode, layout, dominators).may_be_identity(instruction.getOperand(operand));
  };
  switch (opcode) {
    case Instruction::FAdd:
    case Instruction::FSub:
    case Instruction::FMul: return may_be_identity(0) || may_be_identity(1);
    case Instruction::FDiv: return may_be_identity(1);
    case Instruction::FPTrunc: return may_be_widened(instruction.getOperand(0));
    default: return false;
  }
}

void quiet(Instruction& instruction) {
  llvm::SmallVector<llvm::Use*, 8> uses;
  for (llvm::Use& use : instruction.uses()) uses.push_back(&use);
  llvm::IRBuilder<> builder(instruction.getNextNode());
  llvm::Type* const type = instruction.getType();
  llvm::Type* const bits = type->getWithNewType(builder.getIntNTy(type->getScalarSizeInBits()));
  const uint64_t quiet_bit = type->getScalarType()->isFloatTy() ? uint64_t{1} << 22 : uint64_t{1} << 51;
  Value* const quieted = builder.CreateBitCast(
      builder.CreateOr(builder.CreateBitCast(&instruction, bits), llvm::ConstantInt::get(bits, quiet_bit)),
      type);
  Value* const is_nan = builder.CreateFCmpUNO(&instruction, &instruction);
  Value* const result = builder.CreateSelect(is_nan, quieted, &instruction);
  for (llvm::Use* const use : uses) use->set(result);
}

}  // namespace

void quiet_nans(llvm::Module& module) {
  const llvm::DataLayout& layout = module.getDataLayout();
  Dominators dominators;
  for (llvm::Function& function : module) {
    llvm::SmallVector<Instruction*, 8> found;
    for (Instruction& instruction : llvm::instructions(function)) {
      if (may_be_dropped(instruction, layout, dominators)) found.push_back(&instruction);
    }
    for (Instruction* const instruction : found) quiet(*instruction);
  }
}

}  // namespace wherry::compiler
