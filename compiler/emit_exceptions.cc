// Throwing and catching (core spec 4.4.8; docs/abi.md, "Exceptions" and "Native code").
//
// A throw puts the exception into StoreState::pending_exception, and goes to the handler of the innermost try_table with clauses,
// or returns. So does what stands behind a call that may throw when it finds the word set: one load and one branch, and
// none behind calls of functions of the module that cannot throw (compiler/module_facts.cc). A handler compares the exception's tag with
// those of the clauses, in order; if none catches, it goes to the handler around it.
// Rejected: landing pads and tables (LLVM's `invoke` keeps values across calls from being moved, and the unwinder that reads
// the tables costs the throw microseconds; the price of the tests is measured in docs/rationale.md).
#include "compiler/function_emitter.h"
#include "engine/abi/heap.h"
#include "engine/abi/native.h"
#include "engine/abi/tier.h"
#include "engine/wasm/type_registry.h"

namespace wherry::compiler {

using wasm::CatchKind;
using wasm::Op;
using wasm::TrapCode;
using wasm::ValType;

// Where an exception goes from here: the handler, or a return whose results mean nothing.
llvm::BasicBlock* FunctionEmitter::throw_target(uint32_t scope) {
  if (scope != 0) return handlers_[scope - 1];
  if (throw_return_ == nullptr) {
    const Builder::InsertPointGuard guard(builder_);
    throw_return_ = new_block("thrown");
    builder_.SetInsertPoint(throw_return_);
    llvm::Type* const type = function_->getReturnType();
    if (type->isVoidTy()) {
      builder_.CreateRetVoid();
    } else {
      builder_.CreateRet(llvm::Constant::getNullValue(type));
    }
  }
  return throw_return_;
}

void FunctionEmitter::after_call(bool may_throw) {
  if (!may_throw || !unit_.facts().is_flagged) return;
  llvm::Value* const pending = unit_.load(builder_, unit_.i64(), store_state(),
                                          offsetof(abi::StoreState, pending_exception), AliasClass::Store);
  llvm::BasicBlock* const next = new_block();
  builder_.CreateCondBr(builder_.CreateIsNotNull(pending), throw_target(scope_), next, unit_.unlikely());
  builder_.SetInsertPoint(next);
}

bool FunctionEmitter::exception_op(const Instruction& instruction, Operand* operands, uint32_t params,
                                   uint32_t) {
  llvm::Value* exception = nullptr;
  if (instruction.op == Op::ThrowRef) {
    exception = operands[0].value;
    trap_if(builder_.CreateIsNull(exception), TrapCode::NullExceptionReference);
  } else {
    uint32_t slot_count = 0;
    for (uint32_t i = 0; i < params; ++i) slot_count += wasm::slots_of(operands[i].type);
    llvm::Value* const slots = scratch_slots(slot_count);
    const std::span<const ValType> types =
        state_->module->tag_type(wasm::TagIndex(instruction.index)).func.params;
    uint32_t slot = 0;
    for (uint32_t i = 0; i < params; ++i) {
      unit_.store_slot(builder_, types[i], operands[i].value, slots, slot, AliasClass::Slots);
      slot += wasm::slots_of(types[i]);
    }
    exception =
        call_builtin(offsetof(abi::Builtins, make_exception), unit_.i64(), {int32(instruction.index), slots});
    trap_if(builder_.CreateIsNull(exception), TrapCode::OutOfMemory);
  }
  unit_.store(builder_, exception, store_state(), offsetof(abi::StoreState, pending_exception),
              AliasClass::Store);
  builder_.CreateBr(throw_target(scope_));
  return true;
}

llvm::Value* FunctionEmitter::tag_identity(wasm::TagIndex tag) {
  has_calls_ = true;
  llvm::CallInst* const call = builder_.CreateCall(
      llvm::FunctionType::get(unit_.ptr(), {unit_.ptr(), unit_.i32()}, false),
      native_builtin(offsetof(abi::NativeBuiltins, tag_identity)), {context_, int32(tag.value)});
  call->addFnAttr(llvm::Attribute::NoUnwind);
  return call;
}

void FunctionEmitter::try_table(const Instruction& instruction, Control& control, Operand*) {
  control.label = Label{};
  control.label.scope = scope_;
  if (instruction.count == 0) return;
  const uint32_t outer = scope_;
  handlers_.push_back(new_block("catch"));
  scope_ = static_cast<uint32_t>(handlers_.size());
  const Builder::InsertPointGuard guard(builder_);
  builder_.SetInsertPoint(handlers_.back());
  llvm::Value* const pending = unit_.load(builder_, unit_.i64(), store_state(),
                                          offsetof(abi::StoreState, pending_exception), AliasClass::Store);
  llvm::Value* tag = nullptr;
  wasm::CatchList clauses(instruction);
  for (uint32_t i = 0; i < instruction.count; ++i) {
    const wasm::CatchClause clause = clauses.next();
    if (clause.kind == CatchKind::CatchAll || clause.kind == CatchKind::CatchAllRef) {
      // What follows cannot be reached.
      return catch_exception(clause, pending);
    }
    if (tag == nullptr)
      tag = unit_.load(builder_, unit_.ptr(), object_address(pending, 0), offsetof(abi::ExceptionObject, tag),
                       AliasClass::Heap);
    llvm::Value* const identity = tag_identity(clause.tag);
    llvm::BasicBlock* const caught = new_block();
    llvm::BasicBlock* const next = new_block();
    builder_.CreateCondBr(builder_.CreateICmpEQ(tag, identity), caught, next);
    builder_.SetInsertPoint(caught);
    catch_exception(clause, pending);
    builder_.SetInsertPoint(next);
  }
  builder_.CreateBr(throw_target(outer));
}

// Goes to the clause's label, with the exception's arguments and its reference as the clause says. The labels are those around
// the try_table, whose own control is on the stack already.
void FunctionEmitter::catch_exception(const wasm::CatchClause& clause, llvm::Value* exception) {
  unit_.store(builder_, int64(0), store_state(), offsetof(abi::StoreState, pending_exception),
              AliasClass::Store);
  llvm::SmallVector<Operand, 8> values;
  if (clause.kind == CatchKind::Catch || clause.kind == CatchKind::CatchRef) {
    llvm::Value* const slots = object_address(exception, sizeof(abi::ExceptionObject));
    uint32_t slot = 0;
    for (const ValType type : state_->module->tag_type(clause.tag).func.params) {
      values.push_back({type, unit_.load_slot(builder_, type, slots, slot, AliasClass::Heap)});
      slot += wasm::slots_of(type);
    }
  }
  if (clause.kind == CatchKind::CatchRef || clause.kind == CatchKind::CatchAllRef)
    values.push_back({wasm::kExnRef, exception});
  builder_.CreateBr(branch_target(state_->target(clause.label + 1), values.data()));
}

}  // namespace wherry::compiler
