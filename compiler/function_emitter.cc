// The sink itself: its beginning and end, its tools. Instructions are in emit_*.cc.
//
// Operands and labels become SSA directly. Locals are allocas, promoted by one mem2reg before anything else runs: its
// pruned SSA is linear where phis made on the fly at every label would be labels times locals, which a module can make large on
// purpose. What the whole function needs (memory bases, the store's state) is loaded once in the entry block, invariant,
// so that LLVM may move it.
//
// The stack check stands in front of whatever calls. It compares the frame's address, not the stack pointer's, with a
// limit read by an invariant load, so that inlining a function leaves nothing of its check.
#include "compiler/function_emitter.h"

#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/PostDominators.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Intrinsics.h>
#include <llvm/Transforms/Utils/PromoteMemToReg.h>

#include "engine/abi/activation.h"
#include "engine/abi/native.h"
#include "engine/abi/tier.h"
#include "engine/wasm/errors.h"

namespace wherry::compiler {

using wasm::TrapCode;
using wasm::ValType;

FunctionEmitter::FunctionEmitter(UnitContext& unit, llvm::Function* function)
    : unit_(unit), function_(function), builder_(unit.llvm_context()) {
  builder_.setIsFPConstrained(false);
}

void FunctionEmitter::leave_out(wasm::Op op) { leave_out(wasm::info(op).text); }

void FunctionEmitter::leave_out(std::string_view reason) {
  if (failed_) return;
  failed_ = true;
  error_ = base::Error{wasm::ErrorCode::NotYetExecutable, offset_, std::string(reason)};
}

base::Error FunctionEmitter::take_error() { return std::move(error_); }

void FunctionEmitter::begin(State& state) {
  state_ = &state;
  unit_.set_subprogram(function_);
  subprogram_ = function_->getSubprogram();
  memory_bases_.resize(unit_.wasm_module().memories.size());

  llvm::BasicBlock* const entry = llvm::BasicBlock::Create(unit_.llvm_context(), "entry", function_);
  llvm::BasicBlock* const body = new_block("body");
  builder_.SetInsertPoint(entry);
  set_position(state.body_offset + state.code_begin);
  auto argument = function_->arg_begin();
  context_ = &*argument++;
  if (unit_.options().interruption) keep_context();
  const std::span<const ValType> results = state.type->func.results;
  if (abi::native_results_in_memory(results)) result_slots_ = &*argument++;
  for (const ValType type : state.locals) locals_.push_back(builder_.CreateAlloca(unit_.type_of(type)));
  entry_end_ = builder_.CreateBr(body);
  builder_.SetInsertPoint(body);
  const size_t params = state.type->func.params.size();
  for (size_t i = 0; i < state.locals.size(); ++i) {
    llvm::Value* value = unit_.zero(state.locals[i]);
    if (i < params) value = &*argument++;
    builder_.CreateStore(value, locals_[i]);
  }
  begin_segment();
}

// Checks of the deadline come when LLVM has finished (deadline_checks.cc). Until then a function that does nothing with its context
// says that it does, or its callers would be made to pass anything.
void FunctionEmitter::keep_context() {
  llvm::Value* const null = llvm::ConstantPointerNull::get(unit_.ptr());
  builder_.CreateIntrinsic(llvm::Intrinsic::var_annotation, {unit_.ptr(), unit_.ptr()},
                           {context_, null, null, int32(0), null});
}

void FunctionEmitter::finish() {
  end_segment();
  llvm::DominatorTree dominators(*function_);
  llvm::PromoteMemToReg(locals_, dominators);
  llvm::Instruction* const place = has_calls_ ? place_of_stack_check(dominators) : nullptr;
  if (place != nullptr) check_stack(place);
}

// Where all paths to calls pass, outside of loops; so those that call nobody, as half the calls of a recursive function, have no
// check. Null: nobody is called.
llvm::Instruction* FunctionEmitter::place_of_stack_check(llvm::DominatorTree& dominators) {
  llvm::BasicBlock* place = nullptr;
  for (llvm::BasicBlock& block : *function_) {
    const bool calls = llvm::any_of(block, [](const llvm::Instruction& instruction) {
      const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
      return call != nullptr && !llvm::isa<llvm::IntrinsicInst>(call) && !call->doesNotReturn();
    });
    if (!calls || !dominators.isReachableFromEntry(&block)) continue;
    place = place == nullptr ? &block : dominators.findNearestCommonDominator(place, &block);
  }
  if (place == nullptr) return nullptr;
  // Up to where it is decided whether there are calls at all, and out of loops.
  const llvm::LoopInfo loops(dominators);
  const llvm::PostDominatorTree behind(*function_);
  while (const auto* const above = dominators.getNode(place)->getIDom()) {
    if (loops.getLoopFor(place) == nullptr && !behind.dominates(place, above->getBlock())) break;
    place = above->getBlock();
  }
  return place == entry_end_->getParent() ? entry_end_ : &*place->getFirstInsertionPt();
}

void FunctionEmitter::check_stack(llvm::Instruction* before) {
  llvm::Value* const store = store_state();
  llvm::BasicBlock* const block = before->getParent();
  llvm::BasicBlock* const rest = block->splitBasicBlock(before);
  block->getTerminator()->eraseFromParent();
  builder_.SetInsertPoint(block);
  set_position(state_->body_offset + state_->code_begin);
  llvm::Value* const frame =
      builder_.CreateIntrinsic(llvm::Intrinsic::frameaddress, {unit_.ptr()}, {int32(0)});
  llvm::Value* const limit =
      unit_.load_invariant(builder_, unit_.ptr(), store, offsetof(abi::StoreState, native_stack_limit));
  llvm::Value* const is_below = builder_.CreateICmpULT(frame, limit);
  llvm::BasicBlock* const cold = new_block();
  builder_.CreateCondBr(is_below, cold, rest, unit_.unlikely());
  builder_.SetInsertPoint(cold);
  trap(TrapCode::CallStackExhausted);
}

void FunctionEmitter::step(wasm::Op op, uint64_t offset) {
  set_position(offset);
  // What a guest can make large by little code (phi entries) counts too: see branch_target().
  if (++size_ > kMostWork) leave_out("too large a function");
  if (op != wasm::Op::End && op != wasm::Op::Else) ++fuel_;
}

void FunctionEmitter::set_position(uint64_t offset) {
  offset_ = offset;
  builder_.SetCurrentDebugLocation(
      llvm::DILocation::get(unit_.llvm_context(), static_cast<uint32_t>(offset), 0, subprogram_));
}

llvm::BasicBlock* FunctionEmitter::new_block(const char* name) {
  return llvm::BasicBlock::Create(unit_.llvm_context(), name, function_);
}

// --- What is loaded once ---

llvm::Value* FunctionEmitter::load_at_entry(llvm::Value* base, uint64_t offset) {
  Builder at_entry(entry_end_);
  at_entry.SetCurrentDebugLocation(entry_end_->getDebugLoc());
  return unit_.load_invariant(at_entry, unit_.ptr(), base, offset);
}

llvm::Value* FunctionEmitter::store_state() {
  if (store_state_ == nullptr) store_state_ = load_at_entry(context_, offsetof(abi::Context, store));
  return store_state_;
}

llvm::AllocaInst* FunctionEmitter::stack_slots(uint32_t count) {
  llvm::BasicBlock& entry = function_->getEntryBlock();
  Builder at_entry(&entry, entry.begin());
  llvm::AllocaInst* const slots =
      at_entry.CreateAlloca(llvm::ArrayType::get(unit_.i64(), count == 0 ? 1 : count));
  slots->setAlignment(llvm::Align(16));
  return slots;
}

// --- Traps ---

void FunctionEmitter::trap_if(llvm::Value* condition, TrapCode code) {
  if (const auto* constant = llvm::dyn_cast<llvm::ConstantInt>(condition);
      constant != nullptr && constant->isZero())
    return;
  llvm::BasicBlock* const cold = new_block();
  llvm::BasicBlock* const next = new_block();
  builder_.CreateCondBr(condition, cold, next, unit_.unlikely());
  builder_.SetInsertPoint(cold);
  trap(code);
  builder_.SetInsertPoint(next);
}

void FunctionEmitter::trap(TrapCode code) {
  llvm::CallInst* const call = builder_.CreateCall(unit_.trap_function(code), {context_});
  unit_.set_native(call);
  call->addFnAttr(llvm::Attribute::NoReturn);
  call->addFnAttr(llvm::Attribute::NoMerge);
  call->addFnAttr(llvm::Attribute::Cold);
  builder_.CreateUnreachable();
}

void FunctionEmitter::trap_unless_none(llvm::Value* code) {
  llvm::BasicBlock* const cold = new_block();
  llvm::BasicBlock* const next = new_block();
  builder_.CreateCondBr(builder_.CreateIsNotNull(code), cold, next, unit_.unlikely());
  builder_.SetInsertPoint(cold);
  llvm::CallInst* const call =
      builder_.CreateCall(llvm::FunctionType::get(builder_.getVoidTy(), {unit_.ptr(), unit_.i32()}, false),
                          native_builtin(offsetof(abi::NativeBuiltins, trap)), {context_, code});
  call->addFnAttr(llvm::Attribute::NoReturn);
  call->addFnAttr(llvm::Attribute::NoMerge);
  call->addFnAttr(llvm::Attribute::Cold);
  builder_.CreateUnreachable();
  builder_.SetInsertPoint(next);
}

// --- Builtins ---

llvm::Value* FunctionEmitter::native_builtin(uint64_t field_offset) {
  llvm::Value* const table =
      unit_.load_invariant(builder_, unit_.ptr(), context_, offsetof(abi::Context, native));
  return unit_.load_invariant(builder_, unit_.ptr(), table, field_offset);
}

// What collects or might enter finds the value stack closed.
void FunctionEmitter::close_value_stack() {
  llvm::Value* const store = store_state();
  llvm::Value* const activation =
      unit_.load(builder_, unit_.ptr(), store, offsetof(abi::StoreState, activation), AliasClass::Store);
  llvm::Value* const limit =
      unit_.load(builder_, unit_.ptr(), store, offsetof(abi::StoreState, stack_limit), AliasClass::Store);
  unit_.store(builder_, limit, activation, offsetof(abi::Activation, stack_top), AliasClass::Store);
}

llvm::CallInst* FunctionEmitter::call_builtin(uint64_t field_offset, llvm::Type* returns,
                                              std::initializer_list<llvm::Value*> arguments) {
  has_calls_ = true;
  close_value_stack();
  llvm::Value* const table =
      unit_.load_invariant(builder_, unit_.ptr(), context_, offsetof(abi::Context, builtins));
  llvm::Value* const code = unit_.load_invariant(builder_, unit_.ptr(), table, field_offset);
  llvm::SmallVector<llvm::Value*, 8> values{context_};
  llvm::SmallVector<llvm::Type*, 8> types{unit_.ptr()};
  for (llvm::Value* const argument : arguments) {
    values.push_back(argument);
    types.push_back(argument->getType());
  }
  if (returns == nullptr) returns = builder_.getVoidTy();
  llvm::CallInst* const call =
      builder_.CreateCall(llvm::FunctionType::get(returns, types, false), code, values);
  for (uint32_t i = 0; i < types.size(); ++i) {
    if (types[i] == unit_.i8()) call->addParamAttr(i, llvm::Attribute::ZExt);
  }
  call->addFnAttr(llvm::Attribute::NoUnwind);
  return call;
}

}  // namespace wherry::compiler
