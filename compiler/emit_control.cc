// Blocks and branches (core spec 4.4.8), metering.
//
// A label is a basic block whose phis, in order, are the values that branches to it carry. A block's label is made by the first branch to
// it, so that blocks nobody leaves by a branch leave no trace; a loop's stands at once. A body's label is a return.
//
// Metering counts what the interpreter counts, in the same segments (engine/lower/lowering_control.cc): a segment's charge is made
// where it begins and gets its number where it ends. Deadlines are looked at by a late pass (compiler/passes.h): tests in loops
// would keep them from being vectorized.
#include "compiler/function_emitter.h"
#include "engine/abi/tier.h"

namespace wherry::compiler {

using wasm::Op;
using wasm::TrapCode;
using wasm::ValType;

// --- Labels ---

llvm::BasicBlock* FunctionEmitter::label_block(std::span<const ValType> types, const char* name) {
  llvm::BasicBlock* const block = new_block(name);
  for (const ValType type : types) llvm::PHINode::Create(unit_.type_of(type), 2, "", block);
  return block;
}

llvm::BasicBlock* FunctionEmitter::branch_target(Control& target, const Operand* values) {
  if (target.label.block == nullptr) target.label.block = label_block(target.label_types(), "");
  llvm::BasicBlock* const from = builder_.GetInsertBlock();
  for (llvm::PHINode& phi : target.label.block->phis()) phi.addIncoming((values++)->value, from);
  size_ += target.label_types().size();
  return target.label.block;
}

void FunctionEmitter::take_phis(llvm::BasicBlock* block, std::span<const ValType> types, Operand* operands) {
  auto phi = block->begin();
  for (size_t i = 0; i < types.size(); ++i) operands[i].value = &*phi++;
}

void FunctionEmitter::zero_operands(std::span<const ValType> types, Operand* operands) {
  for (size_t i = 0; i < types.size(); ++i) operands[i].value = unit_.zero(types[i]);
}

// --- Blocks ---

void FunctionEmitter::block(Control& control, Operand*) { control.label = Label{}; }

void FunctionEmitter::loop(Control& control, Operand* params) {
  control.label = Label{};
  control.label.block = label_block(control.params(), "loop");
  builder_.CreateBr(branch_target(control, params));
  builder_.SetInsertPoint(control.label.block);
  take_phis(control.label.block, control.params(), params);
  begin_segment();
}

void FunctionEmitter::if_(Control& control, Operand* params, Operand* condition) {
  control.label = Label{};
  control.label.params = static_cast<uint32_t>(if_params_.size());
  for (size_t i = 0; i < control.params().size(); ++i) if_params_.push_back(params[i].value);
  control.label.otherwise = new_block("else");
  llvm::BasicBlock* const then = new_block("then");
  builder_.CreateCondBr(builder_.CreateIsNotNull(condition->value), then, control.label.otherwise);
  builder_.SetInsertPoint(then);
  begin_segment();
}

void FunctionEmitter::else_(Control& control, Operand* operands, bool falls_through) {
  if (falls_through) builder_.CreateBr(branch_target(control, operands));
  builder_.SetInsertPoint(control.label.otherwise);
  control.label.otherwise = nullptr;
  for (size_t i = 0; i < control.params().size(); ++i)
    operands[i].value = if_params_[control.label.params + i];
  if_params_.resize(control.label.params);
  begin_segment();
}

void FunctionEmitter::end(Control& control, Operand* operands, bool falls_through) {
  if (control.op == Op::TryTable) scope_ = control.label.scope;
  const bool is_target =
      control.op != Op::Loop && (control.label.block != nullptr || control.label.otherwise != nullptr);
  if (is_target) {
    if (falls_through) builder_.CreateBr(branch_target(control, operands));
    if (control.label.otherwise != nullptr) {  // No `else`: the parameters are the results.
      for (size_t i = 0; i < control.params().size(); ++i)
        operands[i].value = if_params_[control.label.params + i];
      if_params_.resize(control.label.params);
      builder_.SetInsertPoint(control.label.otherwise);
      builder_.CreateBr(branch_target(control, operands));
    }
    builder_.SetInsertPoint(control.label.block);
    take_phis(control.label.block, control.results(), operands);
    begin_segment();
  } else if (!falls_through) {
    if (is_body(control)) return;
    builder_.SetInsertPoint(new_block("dead"));
    zero_operands(control.results(), operands);
  }
  if (is_body(control)) return_(control, operands);
}

// --- Branches ---

void FunctionEmitter::br(uint32_t, Control& target, Operand* values) {
  if (is_body(target)) return return_(target, values);
  builder_.CreateBr(branch_target(target, values));
  end_segment();
}

void FunctionEmitter::conditional_branch(llvm::Value* condition, Control& target, const Operand* values) {
  llvm::BasicBlock* const taken = branch_target(target, values);
  llvm::BasicBlock* const next = new_block();
  builder_.CreateCondBr(condition, taken, next);
  builder_.SetInsertPoint(next);
  begin_segment();
}

void FunctionEmitter::br_if(uint32_t, Control& target, Operand* values) {
  const llvm::Value* const condition = values[target.label_types().size()].value;
  conditional_branch(builder_.CreateIsNotNull(const_cast<llvm::Value*>(condition)), target, values);
}

// Targets that carry values get a block in between: of many edges from one switch each would need an entry of its own in
// every phi, entries times values in all.
void FunctionEmitter::br_table(const Instruction& instruction, uint32_t arity, Operand* values) {
  llvm::BasicBlock* const from = builder_.GetInsertBlock();
  llvm::Value* const index = values[arity].value;
  llvm::DenseMap<llvm::BasicBlock*, llvm::BasicBlock*> stubs;
  const auto entry = [&](uint32_t depth) {
    Control& target = state_->target(depth);
    if (arity == 0) return branch_target(target, values);
    llvm::BasicBlock*& stub = stubs[target.label.block];
    if (target.label.block != nullptr && stub != nullptr) return stub;
    llvm::BasicBlock* const made = new_block();
    builder_.SetInsertPoint(made);
    builder_.CreateBr(branch_target(target, values));
    stubs[target.label.block] = made;
    builder_.SetInsertPoint(from);
    return made;
  };
  size_ += instruction.count;
  wasm::LabelList labels(instruction);
  llvm::SmallVector<llvm::BasicBlock*, 16> entries;
  for (uint64_t i = 0; i <= instruction.count; ++i) entries.push_back(entry(labels.next()));
  llvm::SwitchInst* const table = builder_.CreateSwitch(index, entries.back(), instruction.count);
  for (uint32_t i = 0; i < instruction.count; ++i) {
    if (entries[i] != entries.back()) table->addCase(builder_.getInt32(i), entries[i]);
  }
  end_segment();
}

void FunctionEmitter::return_(Control& body, Operand* values) {
  llvm::SmallVector<llvm::Value*, 8> results;
  for (size_t i = 0; i < body.results().size(); ++i) results.push_back(values[i].value);
  emit_return(results);
  end_segment();
}

void FunctionEmitter::emit_return(const llvm::SmallVectorImpl<llvm::Value*>& values) {
  if (result_slots_ != nullptr) {
    const std::span<const ValType> types = state_->type->func.results;
    uint32_t slot = 0;
    for (size_t i = 0; i < types.size(); ++i) {
      unit_.store_slot(builder_, types[i], values[i], result_slots_, slot, AliasClass::Slots);
      slot += wasm::slots_of(types[i]);
    }
    builder_.CreateRetVoid();
  } else if (values.empty()) {
    builder_.CreateRetVoid();
  } else if (values.size() == 1) {
    builder_.CreateRet(values[0]);
  } else {
    builder_.CreateAggregateRet(values.data(), static_cast<unsigned>(values.size()));
  }
}

void FunctionEmitter::unreachable() {
  trap(TrapCode::Unreachable);
  end_segment();
}

// --- Metering ---

void FunctionEmitter::begin_segment() {
  end_segment();
  fuel_ = 0;
  if (!unit_.options().fuel) return;
  llvm::Value* const store = store_state();
  llvm::Value* const before =
      unit_.load(builder_, unit_.i64(), store, offsetof(abi::StoreState, fuel), AliasClass::Store);
  // The segment's number takes the place of this one when it is known.
  fuel_charge_ = llvm::BinaryOperator::CreateSub(before, int64(0));
  builder_.Insert(fuel_charge_);
  unit_.store(builder_, fuel_charge_, store, offsetof(abi::StoreState, fuel), AliasClass::Store);
  llvm::BasicBlock* const cold = new_block();
  llvm::BasicBlock* const next = new_block();
  builder_.CreateCondBr(builder_.CreateICmpSLT(fuel_charge_, int64(0)), cold, next, unit_.unlikely());
  builder_.SetInsertPoint(cold);
  trap_unless_none(call_builtin(offsetof(abi::Builtins, out_of_fuel), unit_.i32(), {}));
  builder_.CreateBr(next);
  builder_.SetInsertPoint(next);
}

void FunctionEmitter::end_segment() {
  if (fuel_charge_ != nullptr) fuel_charge_->setOperand(1, int64(fuel_));
  fuel_charge_ = nullptr;
}

}  // namespace wherry::compiler
