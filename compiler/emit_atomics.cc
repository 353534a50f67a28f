// Atomic instructions (threads proposal): of any memory, shared or not, always checked, alignment first, as in the
// interpreter (engine/interpret/atomics.cc). All are sequentially consistent. LLVM has each of them in every width, so that
// narrow ones take no loop on x86-64 or on AArch64 with LSE. Waiting and waking are the runtime's.
#include "compiler/function_emitter.h"
#include "engine/abi/tier.h"

namespace wherry::compiler {
namespace {

using llvm::AtomicRMWInst;

using wasm::Op;
using wasm::TrapCode;

constexpr auto kOrder = llvm::AtomicOrdering::SequentiallyConsistent;

enum class Kind : uint8_t { Load, Store, Modify, CompareExchange, Wait, Notify };

struct Row {
  Kind kind;
  AtomicRMWInst::BinOp function = AtomicRMWInst::Xchg;
};

constexpr Row row_of(Op op) {
#define MODIFY(kind, function)      \
  case Op::I32AtomicRmw##kind:      \
  case Op::I64AtomicRmw##kind:      \
  case Op::I32AtomicRmw8##kind##U:  \
  case Op::I32AtomicRmw16##kind##U: \
  case Op::I64AtomicRmw8##kind##U:  \
  case Op::I64AtomicRmw16##kind##U: \
  case Op::I64AtomicRmw32##kind##U: return {Kind::Modify, AtomicRMWInst::function};
  switch (op) {
    MODIFY(Add, Add)
    MODIFY(Sub, Sub)
    MODIFY(And, And)
    MODIFY(Or, Or)
    MODIFY(Xor, Xor)
    MODIFY(Xchg, Xchg)
    case Op::I32AtomicRmwCmpxchg:
    case Op::I64AtomicRmwCmpxchg:
    case Op::I32AtomicRmw8CmpxchgU:
    case Op::I32AtomicRmw16CmpxchgU:
    case Op::I64AtomicRmw8CmpxchgU:
    case Op::I64AtomicRmw16CmpxchgU:
    case Op::I64AtomicRmw32CmpxchgU: return {Kind::CompareExchange};
    case Op::I32AtomicStore:
    case Op::I64AtomicStore:
    case Op::I32AtomicStore8:
    case Op::I32AtomicStore16:
    case Op::I64AtomicStore8:
    case Op::I64AtomicStore16:
    case Op::I64AtomicStore32: return {Kind::Store};
    case Op::MemoryAtomicWait32:
    case Op::MemoryAtomicWait64: return {Kind::Wait};
    case Op::MemoryAtomicNotify: return {Kind::Notify};
    default: return {Kind::Load};
  }
#undef MODIFY
}

// What is in memory, as the instruction's result: bits beyond are zeros.
llvm::Value* widened(Builder& builder, const wasm::Instruction& instruction, llvm::Value* value) {
  const bool is_64 = wasm::info(instruction.op).signature.results[0] == 'L';
  return builder.CreateZExt(value, is_64 ? builder.getInt64Ty() : builder.getInt32Ty());
}

}  // namespace

void FunctionEmitter::atomic_access(const Instruction& instruction, const wasm::MemoryType& type,
                                    Operand* operands) {
  const uint32_t align_log2 = wasm::natural_align_log2(wasm::info(instruction.op).immediate);
  const uint32_t size_bytes = 1u << align_log2;
  llvm::Value* const index = operands[0].value;
  if (size_bytes > 1) {
    const auto in_type = [&](uint64_t value) { return llvm::ConstantInt::get(index->getType(), value); };
    // What wraps around is a multiple of every size.
    llvm::Value* const sum = builder_.CreateAdd(index, in_type(instruction.value & (size_bytes - 1)));
    trap_if(builder_.CreateIsNotNull(builder_.CreateAnd(sum, in_type(size_bytes - 1))),
            TrapCode::UnalignedAtomic);
  }
  llvm::Value* const address = effective_address(instruction, type, index, size_bytes, true);
  const Row row = row_of(instruction.op);
  if (row.kind == Kind::Wait || row.kind == Kind::Notify)
    return atomic_wait(instruction, size_bytes, operands);

  llvm::IntegerType* const memory = builder_.getIntNTy(size_bytes * 8);
  const llvm::Align align(size_bytes);
  const auto operand = [&](uint32_t i) { return builder_.CreateTrunc(operands[i].value, memory); };
  llvm::Value* former = nullptr;
  switch (row.kind) {
    case Kind::Load: {
      llvm::LoadInst* const load = builder_.CreateAlignedLoad(memory, address, align);
      load->setAtomic(kOrder);
      former = load;
      break;
    }
    case Kind::Store: builder_.CreateAlignedStore(operand(1), address, align)->setAtomic(kOrder); return;
    case Kind::Modify:
      former = builder_.CreateAtomicRMW(row.function, address, operand(1), align, kOrder);
      break;
    default:
      former = builder_.CreateExtractValue(
          builder_.CreateAtomicCmpXchg(address, operand(1), operand(2), align, kOrder, kOrder), 0);
  }
  operands[0].value = widened(builder_, instruction, former);
}

// The address was checked.
void FunctionEmitter::atomic_wait(const Instruction& instruction, uint32_t size_bytes, Operand* operands) {
  llvm::Value* const address =
      builder_.CreateAdd(builder_.CreateZExt(operands[0].value, unit_.i64()), int64(instruction.value));
  llvm::Value* const memory = int32(instruction.memory);
  if (instruction.op == Op::MemoryAtomicNotify) {
    operands[0].value = call_builtin(offsetof(abi::Builtins, memory_notify), unit_.i32(),
                                     {memory, address, operands[1].value});
    return;
  }
  llvm::AllocaInst* const result = stack_slots(1);
  llvm::Value* const expected = builder_.CreateZExt(operands[1].value, unit_.i64());
  trap_unless_none(call_builtin(offsetof(abi::Builtins, memory_wait), unit_.i32(),
                                {memory, address, int32(size_bytes), expected, operands[2].value, result}));
  operands[0].value = builder_.CreateAlignedLoad(unit_.i32(), result, llvm::Align(8));
}

void FunctionEmitter::atomic_fence() { builder_.CreateFence(kOrder); }

}  // namespace wherry::compiler
