// Linear memory: addresses, loads and stores (core spec 4.4.7), and variables (4.4.5).
//
// The address of an access to a guarded memory is base + index + offset, no test: what is outside faults in the reservation. Others are
// tested against the size, in 64 bits that cannot wrap.
//
// Plain loads may be deleted, sunk behind a trap, or into a branch, by LLVM, and their trap with them. So each load of guarded
// memory is followed by a mark, `llvm.var.annotation` of its address: to LLVM an effect on memory that nobody reads, which costs
// nothing in its models and is neither removed nor moved over a branch or a call. When the module is simplified, and before loops are
// vectorized, compiler/pin_loads.cc looks whether an access still covers each mark, and puts a volatile one-byte load in its place
// where none does. With exact traps all such accesses are volatile from the beginning.
//
// So are plain accesses to shared memories: other threads may write meanwhile, and what was read once must not be read again, after a
// bound was tested, nor be kept. Unordered atomics would say it better, but need aligned addresses, which Wasm does not promise.
#include <llvm/IR/Intrinsics.h>

#include <array>

#include "compiler/function_emitter.h"

namespace wherry::compiler {
namespace {

using wasm::Op;
using wasm::TrapCode;
using wasm::ValType;

// The guard behind a reservation of 4 GiB is 32 MiB; no access is longer than 64 bytes.
constexpr uint64_t kGuardedOffsetLimit = (uint64_t{32} << 20) - 64;

struct Row {
  Op op;
  uint8_t bits;  // In memory.
  bool is_signed;
  bool is_store;
};
constexpr Row kRows[] = {
    {Op::I32Load, 32, false, false},   {Op::I64Load, 64, false, false},    {Op::F32Load, 32, false, false},
    {Op::F64Load, 64, false, false},   {Op::I32Load8S, 8, true, false},    {Op::I32Load8U, 8, false, false},
    {Op::I32Load16S, 16, true, false}, {Op::I32Load16U, 16, false, false}, {Op::I64Load8S, 8, true, false},
    {Op::I64Load8U, 8, false, false},  {Op::I64Load16S, 16, true, false},  {Op::I64Load16U, 16, false, false},
    {Op::I64Load32S, 32, true, false}, {Op::I64Load32U, 32, false, false}, {Op::I32Store, 32, false, true},
    {Op::I64Store, 64, false, true},   {Op::F32Store, 32, false, true},    {Op::F64Store, 64, false, true},
    {Op::I32Store8, 8, false, true},   {Op::I32Store16, 16, false, true},  {Op::I64Store8, 8, false, true},
    {Op::I64Store16, 16, false, true}, {Op::I64Store32, 32, false, true},
};

const Row* row_of(Op op) {
  const auto index = static_cast<uint32_t>(op) - static_cast<uint32_t>(Op::I32Load);
  return index < std::size(kRows) && kRows[index].op == op ? &kRows[index] : nullptr;
}
static_assert([] {
  for (uint32_t i = 0; i < std::size(kRows); ++i) {
    if (static_cast<uint32_t>(kRows[i].op) != static_cast<uint32_t>(Op::I32Load) + i) return false;
  }
  return true;
}());

}  // namespace

// --- Addresses ---

llvm::Value* FunctionEmitter::memory_object(uint32_t memory) {
  if (memory == 0)
    return unit_.load_invariant(builder_, unit_.ptr(), context_, offsetof(abi::Context, memory0));
  return unit_.load_invariant(builder_, unit_.ptr(), context_, unit_.layout().memories + memory * 8);
}

llvm::Value* FunctionEmitter::memory_base(uint32_t memory) {
  llvm::Value*& base = memory_bases_[memory];
  if (base != nullptr) return base;
  if (memory == 0) {
    base = load_at_entry(context_, offsetof(abi::Context, memory0_base));
  } else {
    llvm::Value* const object = load_at_entry(context_, unit_.layout().memories + memory * 8);
    base = load_at_entry(object, offsetof(abi::MemoryObject, base));
  }
  return base;
}

bool FunctionEmitter::relies_on_guard(const Instruction& instruction, const wasm::MemoryType& type) const {
  return unit_.options().guard_pages && !type.limits.is_64 && type.page_size_log2 == 16 &&
         instruction.value < kGuardedOffsetLimit;
}

llvm::Value* FunctionEmitter::memory_size(uint32_t memory) {
  llvm::LoadInst* const size = unit_.load(builder_, unit_.i64(), memory_object(memory),
                                          offsetof(abi::MemoryObject, size_bytes), AliasClass::Context);
  size->setAtomic(llvm::AtomicOrdering::Monotonic);
  return size;
}

llvm::Value* FunctionEmitter::effective_address(const Instruction& instruction, const wasm::MemoryType& type,
                                                llvm::Value* index, uint32_t size_bytes, bool is_checked) {
  llvm::Value* const wide = builder_.CreateZExt(index, unit_.i64());
  if (is_checked || !relies_on_guard(instruction, type)) {
    const uint64_t least = type.limits.min << type.page_size_log2;
    const uint64_t end = instruction.value + size_bytes;
    if (end < instruction.value) {
      trap_if(builder_.getTrue(), TrapCode::MemoryOutOfBounds);
    } else {
      llvm::Value* const size = memory_size(instruction.memory);
      // index + end > size, where the sum might wrap.
      llvm::Value* is_outside = builder_.CreateICmpUGT(wide, builder_.CreateSub(size, int64(end)));
      if (end > least || least == 0) {
        is_outside = builder_.CreateOr(is_outside, builder_.CreateICmpULT(size, int64(end)));
      }
      trap_if(is_outside, TrapCode::MemoryOutOfBounds);
    }
  }
  llvm::Value* const address = builder_.CreateGEP(unit_.i8(), memory_base(instruction.memory), wide);
  return unit_.address(builder_, address, instruction.value);
}

// --- Accesses ---

llvm::Value* FunctionEmitter::load_memory(llvm::Type* type, llvm::Value* address, uint32_t memory) {
  llvm::LoadInst* const load = builder_.CreateAlignedLoad(type, address, llvm::Align(1));
  load->setMetadata(llvm::LLVMContext::MD_tbaa, unit_.memory_tag(memory));
  if (unit_.is_shared(memory) || (unit_.may_fault(memory) && unit_.is_exact())) load->setVolatile(true);
  if (!unit_.may_fault(memory) || load->isVolatile()) return load;
  llvm::Value* const null = llvm::ConstantPointerNull::get(unit_.ptr());
  const uint64_t size_bytes = type->getPrimitiveSizeInBits() / 8;
  builder_.CreateIntrinsic(llvm::Intrinsic::var_annotation, {unit_.ptr(), unit_.ptr()},
                           {address, null, null, int32(static_cast<uint32_t>(size_bytes)), null});
  return load;
}

void FunctionEmitter::store_memory(llvm::Value* value, llvm::Value* address, uint32_t memory) {
  llvm::StoreInst* const store = builder_.CreateAlignedStore(value, address, llvm::Align(1));
  store->setMetadata(llvm::LLVMContext::MD_tbaa, unit_.memory_tag(memory));
  if (unit_.is_shared(memory) || (unit_.may_fault(memory) && unit_.is_exact())) store->setVolatile(true);
}

void FunctionEmitter::memory_access(const Instruction& instruction, const wasm::MemoryType& type,
                                    Operand* operands) {
  const wasm::Immediate immediate = wasm::info(instruction.op).immediate;
  if (immediate >= wasm::Immediate::AtomicArg1 && immediate <= wasm::Immediate::AtomicArg8) {
    return atomic_access(instruction, type, operands);
  }
  const Row* const row = row_of(instruction.op);
  if (row == nullptr) return vector_access(instruction, type, operands);
  llvm::Value* const address = effective_address(instruction, type, operands[0].value, row->bits / 8);
  llvm::Type* const stored = builder_.getIntNTy(row->bits);
  if (row->is_store) {
    llvm::Value* value = operands[1].value;
    if (value->getType()->isIntegerTy()) value = builder_.CreateTrunc(value, stored);
    return store_memory(value, address, instruction.memory);
  }
  const char letter = wasm::info(instruction.op).signature.results[0];
  if (letter == 'F' || letter == 'D') {
    llvm::Type* const type_of_result = letter == 'F' ? builder_.getFloatTy() : builder_.getDoubleTy();
    operands[0].value = load_memory(type_of_result, address, instruction.memory);
    return;
  }
  llvm::Type* const to = letter == 'I' ? unit_.i32() : unit_.i64();
  llvm::Value* const value = load_memory(stored, address, instruction.memory);
  operands[0].value = row->is_signed ? builder_.CreateSExt(value, to) : builder_.CreateZExt(value, to);
}

// --- Variables ---

void FunctionEmitter::local_get(uint32_t index, Operand* result) {
  llvm::AllocaInst* const local = locals_[index];
  result->value = builder_.CreateLoad(local->getAllocatedType(), local);
}

void FunctionEmitter::local_set(uint32_t index, Operand* operand) {
  builder_.CreateStore(operand->value, locals_[index]);
}

// Own globals lie in the context; of imported ones a pointer does.
llvm::Value* FunctionEmitter::global_address(uint32_t index) {
  const uint32_t offset = unit_.global_offset(index);
  if (index >= unit_.wasm_module().imported_globals) return unit_.address(builder_, context_, offset);
  return unit_.load_invariant(builder_, unit_.ptr(), context_, offset);
}

void FunctionEmitter::global_get(uint32_t index, Operand* result) {
  const ValType type = unit_.typed().global_types[index];
  llvm::Value* const value = unit_.load_slot(builder_, type, global_address(index), 0, AliasClass::Global);
  const bool is_constant = !unit_.wasm_module().globals[index].type.is_mutable;
  if (is_constant) {
    llvm::cast<llvm::LoadInst>(value)->setMetadata(llvm::LLVMContext::MD_invariant_load,
                                                   llvm::MDNode::get(unit_.llvm_context(), {}));
  }
  result->value = value;
}

void FunctionEmitter::global_set(uint32_t index, Operand* operand) {
  const ValType type = unit_.typed().global_types[index];
  unit_.store_slot(builder_, type, operand->value, global_address(index), 0, AliasClass::Global);
}

}  // namespace wherry::compiler
