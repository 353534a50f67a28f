// Whether a reference is of a type (core spec 4.4.3, "ref.test"), the interpreter's way (engine/interpret/gc_casts.cc): by the
// type id in the object's header; for types that may have others below them, when the ids differ, by the place in
// the display of the object's type. What the operand's static type says already is not asked again.
#include "compiler/function_emitter.h"
#include "engine/abi/heap.h"
#include "engine/wasm/type_registry.h"

namespace wherry::compiler {

using wasm::AbstractHeap;
using wasm::HeapType;
using wasm::Op;
using wasm::ValType;

namespace {

bool is_abstract(HeapType heap, AbstractHeap which) {
  return !heap.is_concrete() && heap.abstract() == which;
}

// May hold an i31, or a value of the host: only in places that do not say more.
bool may_be_i31(HeapType heap) {
  return is_abstract(heap, AbstractHeap::Any) || is_abstract(heap, AbstractHeap::Eq) ||
         is_abstract(heap, AbstractHeap::I31);
}
bool may_be_foreign(HeapType heap) { return is_abstract(heap, AbstractHeap::Any); }

// How a question is answered, in as many places as it takes.
class Answers {
 public:
  Answers(Builder& builder, llvm::BasicBlock* done) : builder_(builder), done_(done) {}

  void answer(llvm::Value* value) {
    given_.push_back({value, builder_.GetInsertBlock()});
    builder_.CreateBr(done_);
  }
  // When the condition holds; else code goes on in `next`.
  void answer_if(llvm::Value* condition, bool value, llvm::BasicBlock* next) {
    given_.push_back({builder_.getInt1(value), builder_.GetInsertBlock()});
    builder_.CreateCondBr(condition, done_, next);
    builder_.SetInsertPoint(next);
  }
  llvm::Value* take() {
    builder_.SetInsertPoint(done_);
    llvm::PHINode* const phi = builder_.CreatePHI(builder_.getInt1Ty(), static_cast<unsigned>(given_.size()));
    for (const auto& [value, from] : given_) phi->addIncoming(value, from);
    return phi;
  }

 private:
  Builder& builder_;
  llvm::BasicBlock* done_;
  llvm::SmallVector<std::pair<llvm::Value*, llvm::BasicBlock*>, 4> given_;
};

}  // namespace

// The CanonType of an object's type id, as TypeDirectory finds it: the second half of that are its origins.
llvm::Value* FunctionEmitter::type_of_id(llvm::Value* id) {
  llvm::Value* const types =
      unit_.load_invariant(builder_, unit_.ptr(), store_state(), offsetof(abi::StoreState, types));
  llvm::Value* const biased = builder_.CreateAdd(builder_.CreateZExt(id, unit_.i64()), int64(255));
  llvm::Value* const zeros =
      builder_.CreateIntrinsic(llvm::Intrinsic::ctlz, {unit_.i64()}, {biased, builder_.getTrue()});
  llvm::Value* const chunk = builder_.CreateSub(int64(63 - 8), zeros);
  llvm::Value* const origins = unit_.address(builder_, types, sizeof(wasm::TypeDirectory) / 2);
  llvm::Value* const origin = unit_.load(
      builder_, unit_.i64(), builder_.CreateGEP(unit_.i64(), origins, chunk), 0, AliasClass::Store);
  llvm::Value* const entry = builder_.CreateAdd(origin, builder_.CreateShl(biased, 3));
  return unit_.load(builder_, unit_.ptr(), builder_.CreateIntToPtr(entry, unit_.ptr()), 0, AliasClass::Store);
}

// Whether `found`, a CanonType, is below the type whose id is `wanted`, which has types below it.
llvm::Value* FunctionEmitter::is_below(llvm::Value* found, const CanonType& type, llvm::Value* wanted) {
  llvm::LoadInst* const depth = builder_.CreateAlignedLoad(
      builder_.getInt16Ty(), unit_.address(builder_, found, offsetof(CanonType, depth)), llvm::Align(2));
  llvm::BasicBlock* const from = builder_.GetInsertBlock();
  llvm::BasicBlock* const deep = new_block();
  llvm::BasicBlock* const done = new_block();
  builder_.CreateCondBr(builder_.CreateICmpUGT(depth, builder_.getInt16(type.depth)), deep, done);
  builder_.SetInsertPoint(deep);
  llvm::Value* const display =
      unit_.load(builder_, unit_.ptr(), found, offsetof(CanonType, display), AliasClass::Function);
  llvm::Value* const above =
      unit_.load(builder_, unit_.i32(), display, uint64_t{type.depth} * 4, AliasClass::Function);
  llvm::Value* const is_it = builder_.CreateICmpEQ(builder_.CreateAdd(above, int32(1)), wanted);
  builder_.CreateBr(done);
  builder_.SetInsertPoint(done);
  llvm::PHINode* const result = builder_.CreatePHI(unit_.i1(), 2);
  result->addIncoming(builder_.getFalse(), from);
  result->addIncoming(is_it, deep);
  return result;
}

llvm::Value* FunctionEmitter::header_id(llvm::Value* reference) {
  return unit_.load(builder_, unit_.i32(), object_address(reference, 0), offsetof(abi::ObjectHeader, type_id),
                    AliasClass::Header);
}

// Of a reference that is not null.
llvm::Value* FunctionEmitter::is_of_defined(llvm::Value* reference, HeapType source, const CanonType& type) {
  Answers answers(builder_, new_block());
  llvm::Value* const wanted = type_id(type);
  if (type.kind == wasm::CompositeKind::Func) {
    llvm::Value* const object = builder_.CreateIntToPtr(reference, unit_.ptr());
    ensure_made(object);
    llvm::Value* const id =
        unit_.load(builder_, unit_.i32(), object, offsetof(abi::FuncObject, type_id), AliasClass::Function);
    if (type.is_final) {
      answers.answer(builder_.CreateICmpEQ(id, wanted));
      return answers.take();
    }
    answers.answer_if(builder_.CreateICmpEQ(id, wanted), true, new_block());
    llvm::Value* const found =
        unit_.load(builder_, unit_.ptr(), object, offsetof(abi::FuncObject, type), AliasClass::Function);
    answers.answer(is_below(found, type, wanted));
    return answers.take();
  }
  if (may_be_i31(source)) answers.answer_if(builder_.CreateTrunc(reference, unit_.i1()), false, new_block());
  llvm::Value* const id = header_id(reference);
  llvm::Value* const is_same = builder_.CreateICmpEQ(id, wanted);
  if (type.is_final) {
    answers.answer(is_same);
    return answers.take();
  }
  answers.answer_if(is_same, true, new_block());
  if (may_be_foreign(source))
    answers.answer_if(builder_.CreateICmpUGE(id, int32(abi::kExceptionObject)), false, new_block());
  answers.answer(is_below(type_of_id(id), type, wanted));
  return answers.take();
}

// The same, of a type that no module defines.
llvm::Value* FunctionEmitter::is_of_abstract(llvm::Value* reference, AbstractHeap heap) {
  switch (heap) {
    case AbstractHeap::Any:
    case AbstractHeap::Extern:
    case AbstractHeap::Func:
    case AbstractHeap::Exn: return builder_.getTrue();
    case AbstractHeap::None:
    case AbstractHeap::NoExtern:
    case AbstractHeap::NoFunc:
    case AbstractHeap::NoExn: return builder_.getFalse();
    default: break;
  }
  llvm::Value* const is_i31 = builder_.CreateTrunc(reference, unit_.i1());
  if (heap == AbstractHeap::I31) return is_i31;
  Answers answers(builder_, new_block());
  answers.answer_if(is_i31, heap == AbstractHeap::Eq, new_block());
  llvm::Value* const id = header_id(reference);
  llvm::Value* const is_foreign = builder_.CreateICmpUGE(id, int32(abi::kExceptionObject));
  if (heap == AbstractHeap::Eq) {
    answers.answer(builder_.CreateNot(is_foreign));
    return answers.take();
  }
  answers.answer_if(is_foreign, false, new_block());
  const auto kind = heap == AbstractHeap::Struct ? wasm::CompositeKind::Struct : wasm::CompositeKind::Array;
  llvm::Value* const found = builder_.CreateAlignedLoad(
      unit_.i8(), unit_.address(builder_, type_of_id(id), offsetof(CanonType, kind)), llvm::Align(1));
  answers.answer(builder_.CreateICmpEQ(found, builder_.getInt8(static_cast<uint8_t>(kind))));
  return answers.take();
}

llvm::Value* FunctionEmitter::is_of_type(llvm::Value* reference, ValType source, ValType target) {
  const wasm::TypeRegistry& registry = *state_->module->registry;
  const HeapType heap = target.heap();
  const bool is_known = registry.is_subtype(source.heap(), heap);
  if (is_known && (target.nullable() || !source.nullable())) return builder_.getTrue();
  if (is_known) return builder_.CreateIsNotNull(reference);
  Answers answers(builder_, new_block());
  if (source.nullable()) answers.answer_if(builder_.CreateIsNull(reference), target.nullable(), new_block());
  answers.answer(heap.is_concrete()
                     ? is_of_defined(reference, source.heap(), registry.type(wasm::CanonId(heap.index())))
                     : is_of_abstract(reference, heap.abstract()));
  return answers.take();
}

void FunctionEmitter::cast(const Instruction& instruction, Operand* operand) {
  const bool nullable = instruction.op == Op::RefTestNull || instruction.op == Op::RefCastNull;
  const ValType target = ValType::ref(state_->module->types.canonical(instruction.heap), nullable);
  llvm::Value* const is_one = is_of_type(operand->value, operand->type, target);
  if (instruction.op == Op::RefTest || instruction.op == Op::RefTestNull) {
    operand->value = builder_.CreateZExt(is_one, unit_.i32());
    return;
  }
  trap_if(builder_.CreateNot(is_one), wasm::TrapCode::CastFailure);
}

}  // namespace wherry::compiler
