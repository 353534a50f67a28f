// Calls (core spec 4.4.8.10 and on; docs/abi.md, "Native code").
//
// A function of the module is called by its symbol, whatever runs it: one that is left to the interpreter has a stub of that name. Everything
// else starts from a FuncObject: its native code if it has some that may be called so, else the leave thunk of the type, which finds the
// object in StoreState::callee. Choosing between the two takes two conditional moves and no branch.
//
// Objects of tables and references are nearly always of the caller's own instance. In place a call only finds that out, by comparisons that the
// processor predicts, and keeps its context: loads of the callee need not wait for it. All else is in a stub, one for
// each type and table that a unit uses, which gets the arguments as they are.
#include <llvm/IR/MDBuilder.h>

#include "compiler/function_emitter.h"
#include "engine/abi/native.h"
#include "engine/abi/tier.h"
#include "engine/wasm/type_registry.h"

namespace wherry::compiler {

using wasm::TrapCode;
using wasm::ValType;

namespace {

// Loaded in a rare block and not kept in a register for it: a volatile load is not merged with one before.
llvm::Value* store_state_here(UnitContext& unit, Builder& builder, llvm::Value* context) {
  llvm::LoadInst* const store =
      unit.load(builder, unit.ptr(), context, offsetof(abi::Context, store), AliasClass::Context);
  store->setVolatile(true);
  return store;
}

}  // namespace

// --- Objects ---

// Makes an object that nobody has looked at yet.
void FunctionEmitter::make_object(llvm::Value* object) {
  has_calls_ = true;
  close_value_stack();
  llvm::Value* const table =
      unit_.load_invariant(builder_, unit_.ptr(), context_, offsetof(abi::Context, builtins));
  llvm::Value* const code =
      unit_.load_invariant(builder_, unit_.ptr(), table, offsetof(abi::Builtins, make_func));
  builder_.CreateCall(llvm::FunctionType::get(builder_.getVoidTy(), {unit_.ptr(), unit_.ptr()}, false), code,
                      {store_state(), object});
}

void FunctionEmitter::ensure_made(llvm::Value* object) {
  llvm::Value* const id =
      unit_.load(builder_, unit_.i32(), object, offsetof(abi::FuncObject, type_id), AliasClass::Function);
  llvm::BasicBlock* const cold = new_block();
  llvm::BasicBlock* const next = new_block();
  builder_.CreateCondBr(builder_.CreateIsNull(id), cold, next, unit_.unlikely());
  builder_.SetInsertPoint(cold);
  make_object(object);
  builder_.CreateBr(next);
  builder_.SetInsertPoint(next);
}

llvm::Value* FunctionEmitter::func_object(uint32_t func) {
  const uint32_t imported = unit_.wasm_module().imported_funcs;
  if (func < imported) {
    return unit_.load_invariant(builder_, unit_.ptr(), context_, unit_.layout().imported_funcs + func * 8);
  }
  llvm::Value* const funcs =
      unit_.load_invariant(builder_, unit_.ptr(), context_, offsetof(abi::Context, funcs));
  llvm::Value* const object =
      unit_.address(builder_, funcs, uint64_t{func - imported} * sizeof(abi::FuncObject));
  ensure_made(object);
  return object;
}

FunctionEmitter::Callee FunctionEmitter::callee_of(llvm::Value* object, const CanonType& type) {
  const abi::NativeKind kind = abi::native_kind(unit_.facts().is_flagged, unit_.facts().has_tail_calls);
  const uint64_t field = offsetof(abi::FuncCode, native) + static_cast<uint64_t>(kind) * sizeof(void*);
  llvm::Value* const code =
      unit_.load(builder_, unit_.ptr(), object, offsetof(abi::FuncObject, code), AliasClass::Function);
  llvm::Value* const native = unit_.load(builder_, unit_.ptr(), code, field, AliasClass::Function);
  llvm::Value* const its_context =
      unit_.load(builder_, unit_.ptr(), object, offsetof(abi::FuncObject, context), AliasClass::Function);
  llvm::Value* const has_none = builder_.CreateIsNull(native);
  unit_.store(builder_, object, store_state(), offsetof(abi::StoreState, callee), AliasClass::Store);
  return {builder_.CreateSelect(has_none, unit_.leave_thunk(type), native),
          builder_.CreateSelect(has_none, context_, its_context)};
}

llvm::Value* FunctionEmitter::table_object(uint32_t table) {
  const uint64_t offset = table == 0 ? offsetof(abi::Context, table0) : unit_.layout().tables + table * 8;
  return unit_.load_invariant(builder_, unit_.ptr(), context_, offset);
}

llvm::Value* FunctionEmitter::table_entry(uint32_t table, llvm::Value* index, TrapCode code) {
  llvm::Value* const object = table_object(table);
  llvm::Value* const wide = builder_.CreateZExt(index, unit_.i64());
  llvm::Value* const size =
      unit_.load(builder_, unit_.i64(), object, offsetof(abi::TableObject, size), AliasClass::Table);
  trap_if(builder_.CreateICmpUGE(wide, size), code);
  llvm::Value* const entries =
      unit_.load(builder_, unit_.ptr(), object, offsetof(abi::TableObject, entries), AliasClass::Table);
  return builder_.CreateGEP(unit_.i64(), entries, wide);
}

// The type id of FuncObjects of a type.
llvm::Value* FunctionEmitter::wanted_id(const CanonType& type) {
  llvm::Value* const types =
      unit_.load_invariant(builder_, unit_.ptr(), context_, offsetof(abi::Context, types));
  const uint64_t row = uint64_t{unit_.type_index(type)} * sizeof(abi::TypeEntry);
  return unit_.load_invariant(builder_, unit_.i32(), types, row + offsetof(abi::TypeEntry, type_id));
}

void FunctionEmitter::unless(llvm::Value* condition, llvm::BasicBlock* otherwise) {
  llvm::BasicBlock* const next = new_block();
  builder_.CreateCondBr(condition, otherwise, next, unit_.unlikely());
  builder_.SetInsertPoint(next);
}

// Most entries are functions of the caller's own instance, of exactly the type, with native code. Everything else, what traps
// included, is the stub's, which looks again.
llvm::Value* FunctionEmitter::indirect_code(const Instruction& instruction, const CanonType& type,
                                            llvm::Value* index) {
  const uint32_t table = instruction.second;
  const bool is_constant = !unit_.facts().constant_tables[table].empty();
  llvm::BasicBlock* const slow = new_block();
  llvm::BasicBlock* const call = new_block();
  llvm::Value* const wide = builder_.CreateZExt(index, unit_.i64());
  llvm::Value* const native =
      is_constant ? constant_code(table, type, wide, slow) : entry_code(table, type, wide, slow);
  return code_or_stub(native, unit_.indirect_stub(table, type), call, slow, wide,
                      offsetof(abi::StoreState, callee_index));
}

llvm::Value* FunctionEmitter::code_or_stub(llvm::Value* native, llvm::Value* stub, llvm::BasicBlock* call,
                                           llvm::BasicBlock* slow, llvm::Value* callee,
                                           uint64_t callee_offset) {
  llvm::BasicBlock* const fast = builder_.GetInsertBlock();
  builder_.CreateBr(call);
  builder_.SetInsertPoint(slow);
  unit_.store(builder_, callee, store_state_here(unit_, builder_, context_), callee_offset,
              AliasClass::Store);
  builder_.CreateBr(call);
  builder_.SetInsertPoint(call);
  llvm::PHINode* const code = builder_.CreatePHI(unit_.ptr(), 2);
  code->addIncoming(native, fast);
  code->addIncoming(stub, slow);
  return code;
}

llvm::Value* FunctionEmitter::entry_code(uint32_t table, const CanonType& type, llvm::Value* index,
                                         llvm::BasicBlock* slow) {
  llvm::Value* const its_object = table_object(table);
  llvm::Value* const size =
      unit_.load(builder_, unit_.i64(), its_object, offsetof(abi::TableObject, size), AliasClass::Table);
  unless(builder_.CreateICmpUGE(index, size), slow);
  llvm::Value* const entries =
      unit_.load(builder_, unit_.ptr(), its_object, offsetof(abi::TableObject, entries), AliasClass::Table);
  llvm::Value* const entry = builder_.CreateGEP(unit_.i64(), entries, index);
  llvm::Value* const object = unit_.load(builder_, unit_.ptr(), entry, 0, AliasClass::Table);
  unless(builder_.CreateIsNull(object), slow);
  const auto load = [&](llvm::Type* field_type, uint64_t offset) {
    return unit_.load(builder_, field_type, object, offset, AliasClass::Function);
  };
  llvm::Value* const id = load(unit_.i32(), offsetof(abi::FuncObject, type_id));
  unless(builder_.CreateICmpNE(id, wanted_id(type)), slow);
  llvm::Value* const home = load(unit_.ptr(), offsetof(abi::FuncObject, native_home));
  unless(builder_.CreateICmpNE(home, context_), slow);
  return load(unit_.ptr(), offsetof(abi::FuncObject, native));
}

// The constants stand in the text: nothing writes them. What is called is a jump there, whose place follows from the index alone. A
// call that was guessed wrong is known to be so a load earlier than with addresses in a table, and one that was guessed right
// only passes one more jump.
llvm::Value* FunctionEmitter::constant_code(uint32_t table, const CanonType& type, llvm::Value* index,
                                            llvm::BasicBlock* slow) {
  llvm::GlobalVariable* const types = unit_.constant_table(table);
  const uint64_t size = unit_.facts().constant_tables[table].size();
  unless(builder_.CreateICmpUGE(index, int64(size)), slow);
  llvm::Value* const entry = builder_.CreateGEP(unit_.i32(), types, index);
  llvm::Value* const found = unit_.load_invariant(builder_, unit_.i32(), entry, 0);
  unless(builder_.CreateICmpNE(found, int32(unit_.type_index(type))), slow);
  llvm::Type* const jump = llvm::ArrayType::get(unit_.i8(), unit_.jump_bytes());
  return builder_.CreateGEP(jump, unit_.jump_table(table), index);
}

llvm::Value* FunctionEmitter::object_code(llvm::Value* reference, const CanonType& type) {
  trap_if(builder_.CreateIsNull(reference), TrapCode::NullFunctionReference);
  llvm::Value* const object = builder_.CreateIntToPtr(reference, unit_.ptr());
  llvm::BasicBlock* const slow = new_block();
  llvm::BasicBlock* const fast = new_block();
  llvm::BasicBlock* const call = new_block();
  llvm::Value* const home =
      unit_.load(builder_, unit_.ptr(), object, offsetof(abi::FuncObject, native_home), AliasClass::Function);
  builder_.CreateCondBr(builder_.CreateICmpNE(home, context_), slow, fast, unit_.unlikely());
  builder_.SetInsertPoint(fast);
  llvm::Value* const native =
      unit_.load(builder_, unit_.ptr(), object, offsetof(abi::FuncObject, native), AliasClass::Function);
  return code_or_stub(native, unit_.object_stub(type), call, slow, object, offsetof(abi::StoreState, callee));
}

// Equal ids are equal types. Otherwise the object may not be made yet, or have a subtype.
void FunctionEmitter::check_type(llvm::Value* object, const CanonType& type) {
  llvm::Value* const wanted = wanted_id(type);
  const auto id_of_object = [&] {
    return unit_.load(builder_, unit_.i32(), object, offsetof(abi::FuncObject, type_id),
                      AliasClass::Function);
  };
  llvm::BasicBlock* const right = new_block();
  llvm::BasicBlock* const other = new_block();
  llvm::BasicBlock* const unmade = new_block();
  llvm::BasicBlock* const made = new_block();
  llvm::Value* const id = id_of_object();
  builder_.CreateCondBr(builder_.CreateICmpNE(id, wanted), other, right, unit_.unlikely());
  builder_.SetInsertPoint(other);
  builder_.CreateCondBr(builder_.CreateIsNull(id), unmade, made);
  builder_.SetInsertPoint(unmade);
  make_object(object);
  builder_.CreateCondBr(builder_.CreateICmpEQ(id_of_object(), wanted), right, made);
  builder_.SetInsertPoint(made);
  if (!type.is_final) {
    llvm::Value* const found =
        unit_.load_invariant(builder_, unit_.ptr(), object, offsetof(abi::FuncObject, type));
    llvm::LoadInst* const depth = builder_.CreateAlignedLoad(
        builder_.getInt16Ty(), unit_.address(builder_, found, offsetof(CanonType, depth)), llvm::Align(2));
    trap_if(builder_.CreateICmpULE(depth, builder_.getInt16(type.depth)), TrapCode::IndirectCallTypeMismatch);
    llvm::Value* const display =
        unit_.load(builder_, unit_.ptr(), found, offsetof(CanonType, display), AliasClass::Function);
    llvm::Value* const above =
        unit_.load(builder_, unit_.i32(), display, uint64_t{type.depth} * 4, AliasClass::Function);
    trap_if(builder_.CreateICmpNE(builder_.CreateAdd(above, int32(1)), wanted),
            TrapCode::IndirectCallTypeMismatch);
    builder_.CreateBr(right);
  } else {
    trap(TrapCode::IndirectCallTypeMismatch);
  }
  builder_.SetInsertPoint(right);
}

// --- Calling ---

// What a call passes: the context, a place for results that do not fit registers, the arguments.
FunctionEmitter::CallValues FunctionEmitter::call_values(llvm::Value* callee_context, const CanonType& type,
                                                         const Operand* arguments, bool is_tail) {
  has_calls_ = true;
  CallValues values;
  values.all.push_back(callee_context);
  if (abi::native_results_in_memory(type.func.results)) {
    values.slots = is_tail ? result_slots_ : stack_slots(type.result_slots);
    values.all.push_back(values.slots);
  }
  for (size_t i = 0; i < type.func.params.size(); ++i) values.all.push_back(arguments[i].value);
  return values;
}

void FunctionEmitter::take_results(llvm::Value* returned, llvm::Value* slots, const CanonType& type,
                                   Operand* results_at) {
  const std::span<const ValType> results = type.func.results;
  uint32_t slot = 0;
  for (size_t i = 0; i < results.size(); ++i) {
    if (slots != nullptr) {
      results_at[i].value = unit_.load_slot(builder_, results[i], slots, slot, AliasClass::Slots);
      slot += wasm::slots_of(results[i]);
    } else {
      results_at[i].value =
          results.size() == 1 ? returned : builder_.CreateExtractValue(returned, static_cast<uint32_t>(i));
    }
  }
}

void FunctionEmitter::emit_call(llvm::Value* code, llvm::Value* callee_context, const CanonType& type,
                                Operand* arguments, bool is_tail, bool may_throw) {
  const CallValues values = call_values(callee_context, type, arguments, is_tail);
  llvm::CallInst* const call = builder_.CreateCall(unit_.function_type(type), code, values.all);
  unit_.set_native(call);
  if (is_tail) {
    call->setTailCallKind(llvm::CallInst::TCK_MustTail);
    if (call->getType()->isVoidTy()) {
      builder_.CreateRetVoid();
    } else {
      builder_.CreateRet(call);
    }
    return end_segment();
  }
  after_call(may_throw);
  take_results(call, values.slots, type, arguments);
}

// Calls by comparing the index with those of all functions that it can mean; all else is the stub's.
void FunctionEmitter::call_one_of(std::span<const UnitContext::KnownCallee> callees, uint32_t table,
                                  const CanonType& type, Operand* arguments) {
  llvm::Value* const index = arguments[type.func.params.size()].value;
  const CallValues values = call_values(context_, type, arguments, false);
  llvm::FunctionType* const callee_type = unit_.function_type(type);
  llvm::BasicBlock* const slow = new_block();
  llvm::BasicBlock* const join = new_block();
  llvm::SwitchInst* const choice = builder_.CreateSwitch(index, slow, static_cast<uint32_t>(callees.size()));
  llvm::SmallVector<std::pair<llvm::Value*, llvm::BasicBlock*>, 8> returned;
  const auto call = [&](llvm::BasicBlock* block, llvm::Function* callee) {
    llvm::CallInst* const made = builder_.CreateCall(callee_type, callee, values.all);
    unit_.set_native(made);
    builder_.CreateBr(join);
    returned.push_back({made, block});
  };
  llvm::SmallVector<uint32_t, 8> weights{1};
  llvm::DenseMap<uint32_t, llvm::BasicBlock*> blocks;  // By function.
  for (const UnitContext::KnownCallee& callee : callees) {
    llvm::BasicBlock*& block = blocks[callee.defined];
    if (block == nullptr) {
      block = new_block();
      builder_.SetInsertPoint(block);
      call(block, unit_.function(callee.defined));
    }
    choice->addCase(llvm::cast<llvm::ConstantInt>(llvm::ConstantInt::get(index->getType(), callee.entry)),
                    block);
    weights.push_back(1 << 20);
  }
  choice->setMetadata(llvm::LLVMContext::MD_prof,
                      llvm::MDBuilder(unit_.llvm_context()).createBranchWeights(weights));
  builder_.SetInsertPoint(slow);
  unit_.store(builder_, builder_.CreateZExt(index, unit_.i64()), store_state_here(unit_, builder_, context_),
              offsetof(abi::StoreState, callee_index), AliasClass::Store);
  call(slow, unit_.indirect_stub(table, type));
  builder_.SetInsertPoint(join);
  llvm::PHINode* result = nullptr;
  if (!callee_type->getReturnType()->isVoidTy()) {
    result = builder_.CreatePHI(callee_type->getReturnType(), static_cast<uint32_t>(returned.size()));
    for (const auto& [value, from] : returned) result->addIncoming(value, from);
  }
  after_call();
  take_results(result, values.slots, type, arguments);
}

void FunctionEmitter::emit_direct(uint32_t func, const CanonType& type, Operand* arguments, bool is_tail) {
  const uint32_t imported = unit_.wasm_module().imported_funcs;
  if (func >= imported) {
    const std::vector<bool>& may_throw = unit_.facts().may_throw;
    return emit_call(unit_.function(func - imported), context_, type, arguments, is_tail,
                     !may_throw.empty() && may_throw[func - imported]);
  }
  const Callee callee = callee_of(func_object(func), type);
  emit_call(callee.code, callee.context, type, arguments, is_tail);
}

void FunctionEmitter::call(uint32_t func, const CanonType& type, Operand* arguments) {
  emit_direct(func, type, arguments, false);
}

void FunctionEmitter::return_call(uint32_t func, const CanonType& type, Operand* arguments) {
  emit_direct(func, type, arguments, true);
}

void FunctionEmitter::call_indirect(const Instruction& instruction, const CanonType& type,
                                    Operand* arguments) {
  const auto callees = unit_.known_callees(instruction.second, type);
  if (!callees.empty()) return call_one_of(callees, instruction.second, type, arguments);
  llvm::Value* const index = arguments[type.func.params.size()].value;
  emit_call(indirect_code(instruction, type, index), context_, type, arguments, false);
}

void FunctionEmitter::return_call_indirect(const Instruction& instruction, const CanonType& type,
                                           Operand* arguments) {
  llvm::Value* const index = arguments[type.func.params.size()].value;
  emit_call(indirect_code(instruction, type, index), context_, type, arguments, true);
}

void FunctionEmitter::call_ref(const Instruction&, const CanonType& type, Operand* arguments) {
  llvm::Value* const reference = arguments[type.func.params.size()].value;
  emit_call(object_code(reference, type), context_, type, arguments, false);
}

void FunctionEmitter::return_call_ref(const Instruction&, const CanonType& type, Operand* arguments) {
  llvm::Value* const reference = arguments[type.func.params.size()].value;
  emit_call(object_code(reference, type), context_, type, arguments, true);
}

// --- Functions that only call another ---

void FunctionEmitter::begin_stub() {
  builder_.SetInsertPoint(llvm::BasicBlock::Create(unit_.llvm_context(), "entry", function_));
  llvm::BasicBlock* const body = new_block("body");
  context_ = function_->getArg(0);
  entry_end_ = builder_.CreateBr(body);
  builder_.SetInsertPoint(body);
}

// Calls with the function's own arguments, and returns what that returns: by a jump, where the context's register need not be the
// same afterwards.
void FunctionEmitter::forward(llvm::Value* code, llvm::Value* callee_context, const CanonType& type) {
  llvm::SmallVector<llvm::Value*, 16> values;
  for (llvm::Argument& argument : function_->args()) values.push_back(&argument);
  values[0] = callee_context;
  llvm::CallInst* const call = builder_.CreateCall(unit_.function_type(type), code, values);
  unit_.set_native(call);
  if (callee_context == context_ || unit_.facts().has_tail_calls) {
    call->setTailCallKind(llvm::CallInst::TCK_MustTail);
  }
  if (call->getType()->isVoidTy()) {
    builder_.CreateRetVoid();
  } else {
    builder_.CreateRet(call);
  }
}

// A function that the interpreter runs.
void FunctionEmitter::emit_left_out(uint32_t defined, const CanonType& type) {
  begin_stub();
  llvm::Value* const object = func_object(unit_.wasm_module().imported_funcs + defined);
  unit_.store(builder_, object, store_state(), offsetof(abi::StoreState, callee), AliasClass::Store);
  forward(unit_.leave_thunk(type), context_, type);
  function_->addFnAttr(llvm::Attribute::NoInline);
}

void FunctionEmitter::emit_stub(const Stub& stub) {
  begin_stub();
  llvm::Value* object;
  if (stub.callee == Stub::Callee::TableEntry) {
    llvm::Value* const index = unit_.load(builder_, unit_.i64(), store_state(),
                                          offsetof(abi::StoreState, callee_index), AliasClass::Store);
    llvm::Value* const entry = table_entry(stub.table, index, TrapCode::UndefinedElement);
    object = unit_.load(builder_, unit_.ptr(), entry, 0, AliasClass::Table);
    trap_if(builder_.CreateIsNull(object), TrapCode::UninitializedElement);
    check_type(object, *stub.type);
  } else {
    object = unit_.load(builder_, unit_.ptr(), store_state(), offsetof(abi::StoreState, callee),
                        AliasClass::Store);
    ensure_made(object);
  }
  const Callee callee = callee_of(object, *stub.type);
  forward(callee.code, callee.context, *stub.type);
}

}  // namespace wherry::compiler
