// The module's thunks (docs/abi.md, "Native code"): `enter` from slots into native code, `leave` from native code to a call by slots.
// One of each for a function type, whichever index names it first: `enter` where the module defines a function of the type, and `leave`,
// in a module that is one unit, where its code mentions it. A module names many types that it only gives to blocks and imports: in small
// ones nearly half of the time went into thunks that nothing could reach. A unit among several does not see what the others call,
// and makes `leave` for all.
//
// The passes over IR leave them alone: they come out of those as they are.
#include "compiler/thunks.h"

#include <llvm/IR/IRBuilder.h>

#include "compiler/passes.h"
#include "engine/abi/native.h"

namespace wherry::compiler {
namespace {

using wasm::ValType;

void return_value(Builder& builder, llvm::SmallVectorImpl<llvm::Value*>& values) {
  if (values.empty()) {
    builder.CreateRetVoid();
  } else if (values.size() == 1) {
    builder.CreateRet(values[0]);
  } else {
    builder.CreateAggregateRet(values.data(), static_cast<unsigned>(values.size()));
  }
}

// void enter(uint64_t* slots, Context*, const void* target), in the C convention.
void make_enter(UnitContext& unit, const wasm::CanonType& type) {
  llvm::LLVMContext& context = unit.llvm_context();
  llvm::Function* const thunk = llvm::Function::Create(
      llvm::FunctionType::get(llvm::Type::getVoidTy(context), {unit.ptr(), unit.ptr(), unit.ptr()}, false),
      llvm::GlobalValue::ExternalLinkage, "enter" + std::to_string(unit.type_index(type)),
      unit.llvm_module());
  thunk->setVisibility(llvm::GlobalValue::HiddenVisibility);
  unit.set_common_attributes(thunk);
  thunk->addFnAttr(kThunkAttribute);
  Builder builder(llvm::BasicBlock::Create(context, "", thunk));
  llvm::Value* const slots = thunk->getArg(0);
  const bool in_memory = abi::native_results_in_memory(type.func.results);
  llvm::SmallVector<llvm::Value*, 16> values{thunk->getArg(1)};
  if (in_memory) values.push_back(slots);
  uint32_t slot = 0;
  for (const ValType param : type.func.params) {
    llvm::Value* value = unit.load_slot(builder, param, slots, slot, AliasClass::Slots);
    values.push_back(value);
    slot += wasm::slots_of(param);
  }
  llvm::CallInst* const call = builder.CreateCall(unit.function_type(type), thunk->getArg(2), values);
  unit.set_native(call);
  const std::span<const ValType> results = type.func.results;
  slot = 0;
  for (uint32_t i = 0; !in_memory && i < results.size(); ++i) {
    llvm::Value* const value = results.size() == 1 ? call : builder.CreateExtractValue(call, i);
    unit.store_slot(builder, results[i], value, slots, slot, AliasClass::Slots);
    slot += wasm::slots_of(results[i]);
  }
  builder.CreateRetVoid();
}

// With the native signature: calls the function object that StoreState::callee names.
void make_leave(UnitContext& unit, const wasm::CanonType& type) {
  llvm::LLVMContext& context = unit.llvm_context();
  llvm::Function* const thunk = unit.leave_thunk(type);
  thunk->addFnAttr(kThunkAttribute);
  Builder builder(llvm::BasicBlock::Create(context, "", thunk));
  llvm::Value* const its_context = thunk->getArg(0);
  const std::span<const ValType> results = type.func.results;
  const bool in_memory = abi::native_results_in_memory(results);
  const uint32_t count = std::max({type.param_slots, type.result_slots, 1u});
  llvm::AllocaInst* const slots = builder.CreateAlloca(llvm::ArrayType::get(unit.i64(), count));
  slots->setAlignment(llvm::Align(16));
  uint32_t slot = 0;
  for (uint32_t i = 0; i < type.func.params.size(); ++i) {
    llvm::Value* const value = thunk->getArg(i + (in_memory ? 2 : 1));
    unit.store_slot(builder, type.func.params[i], value, slots, slot, AliasClass::Slots);
    slot += wasm::slots_of(type.func.params[i]);
  }
  llvm::Value* const store =
      unit.load_invariant(builder, unit.ptr(), its_context, offsetof(abi::Context, store));
  llvm::Value* const callee =
      unit.load(builder, unit.ptr(), store, offsetof(abi::StoreState, callee), AliasClass::Store);
  llvm::Value* const table =
      unit.load_invariant(builder, unit.ptr(), its_context, offsetof(abi::Context, native));
  llvm::Value* const code =
      unit.load_invariant(builder, unit.ptr(), table, offsetof(abi::NativeBuiltins, call));
  llvm::CallInst* const call =
      builder.CreateCall(llvm::FunctionType::get(unit.i1(), {unit.ptr(), unit.ptr(), unit.ptr()}, false),
                         code, {its_context, callee, slots});
  call->addRetAttr(llvm::Attribute::ZExt);
  if (!unit.facts().is_flagged) {
    llvm::BasicBlock* const thrown = llvm::BasicBlock::Create(context, "", thunk);
    llvm::BasicBlock* const next = llvm::BasicBlock::Create(context, "", thunk);
    builder.CreateCondBr(builder.CreateNot(call), thrown, next, unit.unlikely());
    builder.SetInsertPoint(thrown);
    // The table is loaded again, so that no register is put down for it in each call.
    llvm::LoadInst* const again = builder.CreateAlignedLoad(
        unit.ptr(),
        builder.CreateConstGEP1_64(builder.getInt8Ty(), its_context, offsetof(abi::Context, native)),
        llvm::Align(8));
    again->setVolatile(true);
    llvm::Value* const leave =
        unit.load_invariant(builder, unit.ptr(), again, offsetof(abi::NativeBuiltins, leave_by_exception));
    builder
        .CreateCall(llvm::FunctionType::get(builder.getVoidTy(), {unit.ptr()}, false), leave, {its_context})
        ->addFnAttr(llvm::Attribute::NoReturn);
    builder.CreateUnreachable();
    builder.SetInsertPoint(next);
  }
  llvm::SmallVector<llvm::Value*, 8> values;
  slot = 0;
  for (const ValType result : results) {
    llvm::Value* const value = unit.load_slot(builder, result, slots, slot, AliasClass::Slots);
    if (in_memory) {
      unit.store_slot(builder, result, value, thunk->getArg(1), slot, AliasClass::Slots);
    } else {
      values.push_back(value);
    }
    slot += wasm::slots_of(result);
  }
  return_value(builder, values);
}

}  // namespace

void make_thunks(UnitContext& unit, bool is_whole) {
  const validate::TypedModule& module = unit.typed();
  std::vector<bool> is_defined(module.types.size());  // By the index that unit.type_index() gives.
  for (uint32_t i = module.module.imported_funcs; i < module.module.funcs.size(); ++i) {
    is_defined[unit.type_index(module.func_type(wasm::FuncIndex(i)))] = true;
  }
  for (uint32_t i = 0; i < module.types.size(); ++i) {
    const wasm::CanonType& type = module.types[wasm::TypeIndex(i)];
    if (type.kind != wasm::CompositeKind::Func || unit.type_index(type) != i) continue;
    if (is_defined[i]) make_enter(unit, type);
    if (!is_whole || unit.has_leave_thunk(type)) make_leave(unit, type);
  }
}

}  // namespace wherry::compiler
