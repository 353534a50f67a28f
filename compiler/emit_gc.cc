// Objects of the collected heap: structures, arrays, i31 (core spec 4.4.3; docs/gc.md). Casts are in emit_casts.cc.
//
// Small objects are allocated here, from the run of their size: a load, a comparison, two stores. The runtime fills an empty run, makes
// large objects and whole arrays, and moves ranges of elements; those of its functions may collect. A collection finds the
// references that code needs in registers and on the native stack. It looks for an object's address, so every access begins at the
// reference itself: nothing here lets an address into an object live over a call, because an array's length, at a fixed
// distance from the reference, is read again behind each.
//
// An object's type id is the engine's, not known before the code is mapped: it comes from the module's row of Context::types.
#include "compiler/function_emitter.h"
#include "engine/abi/heap.h"
#include "engine/abi/tier.h"
#include "engine/wasm/type_registry.h"

namespace wherry::compiler {

using wasm::Op;
using wasm::TrapCode;
using wasm::ValKind;
using wasm::ValType;

namespace {

uint32_t packed_bits(ValType storage) {
  if (storage.kind() == ValKind::I8) return 8;
  return storage.kind() == ValKind::I16 ? 16 : 0;
}

bool is_zero(const llvm::Value* value) {
  const auto* const constant = llvm::dyn_cast<llvm::Constant>(value);
  return constant != nullptr && constant->isNullValue();
}

}  // namespace

// --- What lies in memory ---

llvm::Value* FunctionEmitter::object_address(llvm::Value* reference, uint64_t offset) {
  return unit_.address(builder_, builder_.CreateIntToPtr(reference, unit_.ptr()), offset);
}

llvm::Value* FunctionEmitter::array_length(llvm::Value* reference) {
  trap_if(builder_.CreateIsNull(reference), TrapCode::NullArrayReference);
  return unit_.load(builder_, unit_.i32(), object_address(reference, 0), offsetof(abi::ObjectHeader, length),
                    AliasClass::Header);
}

// A checked element's.
llvm::Value* FunctionEmitter::element_address(const CanonType& type, llvm::Value* reference,
                                              llvm::Value* index) {
  trap_if(builder_.CreateICmpUGE(index, array_length(reference)), TrapCode::ArrayOutOfBounds);
  llvm::Value* const bytes = builder_.CreateShl(builder_.CreateZExt(index, unit_.i64()), type.element_shift);
  return builder_.CreateGEP(unit_.i8(), object_address(reference, abi::kPayloadOffset), bytes);
}

llvm::Value* FunctionEmitter::load_storage(ValType storage, llvm::Value* address, bool is_signed) {
  const uint32_t bits = packed_bits(storage);
  llvm::Type* const type = bits != 0 ? builder_.getIntNTy(bits) : unit_.type_of(storage);
  const auto size_bytes = type->getPrimitiveSizeInBits().getFixedValue() / 8;
  llvm::LoadInst* const load =
      builder_.CreateAlignedLoad(type, address, llvm::Align(std::min<uint64_t>(size_bytes, 8)));
  load->setMetadata(llvm::LLVMContext::MD_tbaa, unit_.alias_tag(AliasClass::Heap));
  if (bits == 0) return load;
  return is_signed ? builder_.CreateSExt(load, unit_.i32()) : builder_.CreateZExt(load, unit_.i32());
}

// An element, of its own size.
void FunctionEmitter::store_element(ValType storage, llvm::Value* value, llvm::Value* address) {
  if (const uint32_t bits = packed_bits(storage); bits != 0)
    value = builder_.CreateTrunc(value, builder_.getIntNTy(bits));
  const auto size_bytes = value->getType()->getPrimitiveSizeInBits().getFixedValue() / 8;
  llvm::StoreInst* const store =
      builder_.CreateAlignedStore(value, address, llvm::Align(std::min<uint64_t>(size_bytes, 8)));
  store->setMetadata(llvm::LLVMContext::MD_tbaa, unit_.alias_tag(AliasClass::Heap));
  unit_.keep_order(store, AliasClass::Heap);
}

// A field, which has a slot of its own: zeros above the value.
void FunctionEmitter::store_field(ValType storage, llvm::Value* value, llvm::Value* payload, uint32_t slot) {
  if (const uint32_t bits = packed_bits(storage); bits != 0) {
    value = builder_.CreateAnd(value, (1u << bits) - 1);
    storage = wasm::kI32;
  }
  unit_.store_slot(builder_, storage, value, payload, slot, AliasClass::Heap);
}

void FunctionEmitter::barrier(llvm::Value* holder, llvm::Value* value) {
  if (is_zero(value)) return;
  llvm::Value* const is_on = builder_.CreateIsNotNull(unit_.load(
      builder_, unit_.i64(), store_state(), offsetof(abi::StoreState, gc_barrier), AliasClass::Store));
  llvm::BasicBlock* const cold = new_block();
  llvm::BasicBlock* const next = new_block();
  builder_.CreateCondBr(is_on, cold, next, unit_.unlikely());
  builder_.SetInsertPoint(cold);
  call_builtin(offsetof(abi::Builtins, barrier), nullptr, {holder, value});
  builder_.CreateBr(next);
  builder_.SetInsertPoint(next);
}

// Slots of the frame for values that the runtime reads or writes; the same for every instruction, so nothing stays there.
llvm::Value* FunctionEmitter::scratch_slots(uint32_t count) {
  count = std::max(count, 1u);
  if (count > scratch_count_) {
    scratch_ = stack_slots(count);
    scratch_count_ = count;
  }
  return scratch_;
}

// --- Allocation ---

llvm::Value* FunctionEmitter::type_id(const CanonType& type) {
  llvm::Value* const types =
      unit_.load_invariant(builder_, unit_.ptr(), context_, offsetof(abi::Context, types));
  const uint64_t row = uint64_t{unit_.type_index(type)} * sizeof(abi::TypeEntry);
  return unit_.load_invariant(builder_, unit_.i32(), types, row + offsetof(abi::TypeEntry, type_id));
}

// A new object of zeros, as a reference. `size_bytes` is its size, header included.
llvm::Value* FunctionEmitter::allocate(const CanonType& type, uint32_t length, uint64_t size_bytes) {
  llvm::Value* const none = llvm::ConstantPointerNull::get(unit_.ptr());
  if (size_bytes > abi::kMaxCellBytes) {
    llvm::Value* const made = call_builtin(offsetof(abi::Builtins, allocate), unit_.ptr(),
                                           {type_id(type), int32(length), int64(size_bytes), none});
    trap_if(builder_.CreateIsNull(made), TrapCode::OutOfMemory);
    return builder_.CreatePtrToInt(made, unit_.i64());
  }
  const uint32_t size_class = abi::size_class_of(static_cast<uint32_t>(size_bytes));
  llvm::Value* const front =
      unit_.load_invariant(builder_, unit_.ptr(), store_state(), offsetof(abi::StoreState, heap));
  const uint64_t run = offsetof(abi::HeapFront, runs) + size_class * sizeof(abi::Run);
  const auto cursor_of_run = [&] {
    return unit_.load(builder_, unit_.ptr(), front, run + offsetof(abi::Run, cursor), AliasClass::Store);
  };
  llvm::Value* const cursor = cursor_of_run();
  llvm::Value* const end =
      unit_.load(builder_, unit_.ptr(), front, run + offsetof(abi::Run, end), AliasClass::Store);
  llvm::BasicBlock* const hot = builder_.GetInsertBlock();
  llvm::BasicBlock* const cold = new_block();
  llvm::BasicBlock* const next = new_block();
  builder_.CreateCondBr(builder_.CreateICmpEQ(cursor, end), cold, next, unit_.unlikely());
  builder_.SetInsertPoint(cold);
  llvm::Value* const is_done =
      call_builtin(offsetof(abi::Builtins, refill), unit_.i8(), {int32(size_class), none});
  trap_if(builder_.CreateNot(builder_.CreateTrunc(is_done, unit_.i1())), TrapCode::OutOfMemory);
  llvm::Value* const filled = cursor_of_run();
  llvm::BasicBlock* const from_cold = builder_.GetInsertBlock();
  builder_.CreateBr(next);
  builder_.SetInsertPoint(next);
  llvm::PHINode* const cell = builder_.CreatePHI(unit_.ptr(), 2);
  cell->addIncoming(cursor, hot);
  cell->addIncoming(filled, from_cold);
  unit_.store(builder_, unit_.address(builder_, cell, abi::cell_bytes_of(size_class)), front,
              run + offsetof(abi::Run, cursor), AliasClass::Store);
  unit_.store(builder_, type_id(type), cell, offsetof(abi::ObjectHeader, type_id), AliasClass::Header);
  unit_.store(builder_, int32(length), cell, offsetof(abi::ObjectHeader, length), AliasClass::Header);
  return builder_.CreatePtrToInt(cell, unit_.i64());
}

// A store that hands the object on must not come before those that made it, though nothing between reads them: the access behind
// it may fault, and whoever finds the object afterwards would take its type from what lay there before. No instruction.
void FunctionEmitter::complete_object() {
  if (unit_.may_fault()) builder_.CreateFence(llvm::AtomicOrdering::Release, llvm::SyncScope::SingleThread);
}

// --- Structures ---

void FunctionEmitter::struct_new(const Instruction& instruction, Operand* operands) {
  const CanonType& type = state_->module->types[wasm::TypeIndex(instruction.index)];
  llvm::Value* const made = allocate(type, 0, abi::kPayloadOffset + uint64_t{type.object_slots} * 8);
  if (instruction.op == Op::StructNew) {
    llvm::Value* const payload = object_address(made, abi::kPayloadOffset);
    size_ += type.fields.size();
    for (uint32_t i = 0; i < type.fields.size(); ++i) {
      if (!is_zero(operands[i].value))
        store_field(type.fields[i].storage, operands[i].value, payload, type.field_slot(i));
    }
  }
  complete_object();
  operands[0].value = made;
}

void FunctionEmitter::struct_access(const Instruction& instruction, Operand* operands) {
  const CanonType& type = state_->module->types[wasm::TypeIndex(instruction.index)];
  const ValType storage = type.fields[instruction.second].storage;
  const uint32_t slot = type.field_slot(instruction.second);
  llvm::Value* const reference = operands[0].value;
  trap_if(builder_.CreateIsNull(reference), TrapCode::NullStructReference);
  if (instruction.op != Op::StructSet) {
    operands[0].value =
        load_storage(storage, object_address(reference, abi::kPayloadOffset + uint64_t{slot} * 8),
                     instruction.op == Op::StructGetS);
    return;
  }
  store_field(storage, operands[1].value, object_address(reference, abi::kPayloadOffset), slot);
  if (storage.is_ref()) barrier(reference, operands[1].value);
}

// --- Arrays ---

void FunctionEmitter::array_access(const Instruction& instruction, Operand* operands) {
  const CanonType& type = state_->module->types[wasm::TypeIndex(instruction.index)];
  const ValType storage = type.fields[0].storage;
  llvm::Value* const reference = operands[0].value;
  llvm::Value* const address = element_address(type, reference, operands[1].value);
  if (instruction.op != Op::ArraySet) {
    operands[0].value = load_storage(storage, address, instruction.op == Op::ArrayGetS);
    return;
  }
  store_element(storage, operands[2].value, address);
  if (storage.is_ref()) barrier(reference, operands[2].value);
}

// The value of an element in the slots that the runtime reads.
llvm::Value* FunctionEmitter::element_slots(const CanonType& type, llvm::Value* value) {
  const ValType storage = type.fields[0].storage;
  llvm::Value* const slots = scratch_slots(3);
  unit_.store_slot(builder_, packed_bits(storage) != 0 ? wasm::kI32 : storage, value, slots, 0,
                   AliasClass::Slots);
  return slots;
}

// Behind the slots of a value.
llvm::Value* FunctionEmitter::result_slot() { return unit_.address(builder_, scratch_slots(3), 16); }

void FunctionEmitter::array_new(const Instruction& instruction, Operand* operands, uint32_t params) {
  const CanonType& type = state_->module->types[wasm::TypeIndex(instruction.index)];
  if (instruction.op == Op::ArrayNewFixed) return array_new_fixed(type, instruction.second, operands);
  llvm::Value* const none = llvm::ConstantPointerNull::get(unit_.ptr());
  llvm::Value* const id = type_id(type);
  llvm::Value* code = nullptr;
  switch (instruction.op) {
    case Op::ArrayNewData:
    case Op::ArrayNewElem: {
      const bool is_data = instruction.op == Op::ArrayNewData;
      code = call_builtin(
          is_data ? offsetof(abi::Builtins, array_new_data) : offsetof(abi::Builtins, array_new_elem),
          unit_.i32(),
          {id, int32(instruction.second), operands[0].value, operands[1].value, none, result_slot()});
      break;
    }
    default: {
      llvm::Value* const length = operands[params - 1].value;
      const bool has_value = instruction.op == Op::ArrayNew && !is_zero(operands[0].value);
      llvm::Value* const value = has_value ? element_slots(type, operands[0].value) : none;
      code = call_builtin(offsetof(abi::Builtins, array_new), unit_.i32(),
                          {id, length, value, none, result_slot()});
    }
  }
  trap_unless_none(code);
  operands[0].value = unit_.load(builder_, unit_.i64(), result_slot(), 0, AliasClass::Slots);
}

// Its length is known. With fuel, the runtime charges for it by size.
void FunctionEmitter::array_new_fixed(const CanonType& type, uint32_t length, Operand* operands) {
  const uint64_t size_bytes = abi::kPayloadOffset + (uint64_t{length} << type.element_shift);
  llvm::Value* made = nullptr;
  if (unit_.options().fuel || size_bytes > abi::kMaxCellBytes) {
    llvm::Value* const none = llvm::ConstantPointerNull::get(unit_.ptr());
    trap_unless_none(call_builtin(offsetof(abi::Builtins, array_new), unit_.i32(),
                                  {type_id(type), int32(length), none, none, result_slot()}));
    made = unit_.load(builder_, unit_.i64(), result_slot(), 0, AliasClass::Slots);
  } else {
    made = allocate(type, length, size_bytes);
  }
  size_ += length;
  for (uint32_t i = 0; i < length; ++i) {
    if (is_zero(operands[i].value)) continue;
    const uint64_t offset = abi::kPayloadOffset + (uint64_t{i} << type.element_shift);
    store_element(type.fields[0].storage, operands[i].value, object_address(made, offset));
  }
  complete_object();
  operands[0].value = made;
}

void FunctionEmitter::array_bulk(const Instruction& instruction, Operand* operands) {
  const CanonType& type = state_->module->types[wasm::TypeIndex(instruction.index)];
  const auto at = [&](uint32_t i) { return operands[i].value; };
  llvm::Value* code = nullptr;
  switch (instruction.op) {
    case Op::ArrayFill:
      code = call_builtin(offsetof(abi::Builtins, array_fill), unit_.i32(),
                          {at(0), at(1), element_slots(type, at(2)), at(3)});
      break;
    case Op::ArrayCopy:
      code =
          call_builtin(offsetof(abi::Builtins, array_copy), unit_.i32(), {at(0), at(1), at(2), at(3), at(4)});
      break;
    default: {
      const bool is_data = instruction.op == Op::ArrayInitData;
      code = call_builtin(
          is_data ? offsetof(abi::Builtins, array_init_data) : offsetof(abi::Builtins, array_init_elem),
          unit_.i32(), {at(0), at(1), int32(instruction.second), at(2), at(3)});
    }
  }
  trap_unless_none(code);
}

// --- All of them ---

bool FunctionEmitter::heap_op(const Instruction& instruction, Operand* operands, uint32_t params, uint32_t) {
  llvm::Value*& value = operands[0].value;
  switch (instruction.op) {
    case Op::StructNew:
    case Op::StructNewDefault: struct_new(instruction, operands); return true;
    case Op::StructGet:
    case Op::StructGetS:
    case Op::StructGetU:
    case Op::StructSet: struct_access(instruction, operands); return true;
    case Op::ArrayNew:
    case Op::ArrayNewDefault:
    case Op::ArrayNewFixed:
    case Op::ArrayNewData:
    case Op::ArrayNewElem: array_new(instruction, operands, params); return true;
    case Op::ArrayGet:
    case Op::ArrayGetS:
    case Op::ArrayGetU:
    case Op::ArraySet: array_access(instruction, operands); return true;
    case Op::ArrayLen: value = array_length(value); return true;
    case Op::ArrayFill:
    case Op::ArrayCopy:
    case Op::ArrayInitData:
    case Op::ArrayInitElem: array_bulk(instruction, operands); return true;
    case Op::RefI31: {
      llvm::Value* const bits = builder_.CreateZExt(builder_.CreateShl(value, 1), unit_.i64());
      value = builder_.CreateOr(bits, 1);
      return true;
    }
    case Op::I31GetS:
    case Op::I31GetU: {
      trap_if(builder_.CreateIsNull(value), TrapCode::NullI31Reference);
      llvm::Value* const bits = builder_.CreateTrunc(value, unit_.i32());
      value = instruction.op == Op::I31GetS ? builder_.CreateAShr(bits, 1) : builder_.CreateLShr(bits, 1);
      return true;
    }
    case Op::AnyConvertExtern:
    case Op::ExternConvertAny: return true;  // The same bits.
    case Op::RefTest:
    case Op::RefTestNull:
    case Op::RefCast:
    case Op::RefCastNull: cast(instruction, operands); return true;
    default: return false;
  }
}

}  // namespace wherry::compiler
