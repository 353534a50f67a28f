// Constants and arithmetic on numbers (core spec 4.3, 4.4.1).
//
// A row says what an operator is; a function for each kind of row emits it. What LLVM leaves undefined never reaches it: divisors and
// ranges are tested first, shift counts are masked. Floating point runs in LLVM's default environment, which may pass on a signalling
// NaN where it drops an operation (quiet_nans.cc), and minimum and maximum, whose lowering on x86-64 picks an operand, are made quiet
// here.
#include <llvm/IR/Intrinsics.h>

#include <array>

#include "compiler/function_emitter.h"

namespace wherry::compiler {
namespace {

using llvm::Intrinsic::ID;
using wasm::Op;
using wasm::TrapCode;
using Predicate = llvm::CmpInst::Predicate;

enum class Kind : uint8_t {
  None,
  Eqz,
  Compare,       // which: a predicate.
  FloatCompare,  // which: a predicate.
  Binary,        // which: an llvm::Instruction opcode.
  Shift,
  Rotate,   // which: an intrinsic.
  Divide,   // which: an opcode.
  Count,    // which: an intrinsic; with `false` for "zero is poison".
  Unary,    // which: an intrinsic of one operand.
  Binary2,  // which: an intrinsic of two operands.
  MinMax,
  Negate,
  Cast,      // which: a cast's opcode; result: its type.
  Extend,    // From `bits`.
  Truncate,  // Float to integer; traps.
  Saturate,  // Float to integer; which: an intrinsic.
  Wide,      // Arithmetic on 128 bits.
};

enum class To : uint8_t { I32, I64, F32, F64 };

struct Row {
  Kind kind = Kind::None;
  To result = To::I32;
  uint16_t bits = 0;  // Of Extend; of Truncate: 1 when signed.
  uint32_t which = 0;
};

consteval auto make_rows() {
  std::array<Row, wasm::kOpCount> rows{};
  const auto set = [&](Op op, Kind kind, uint32_t which, To result = To::I32, uint16_t bits = 0) {
    rows[static_cast<uint32_t>(op)] = {kind, result, bits, which};
  };
#define BOTH(name, kind, which)    \
  set(Op::I32##name, kind, which); \
  set(Op::I64##name, kind, which)
#define FLOATS(name, kind, which)  \
  set(Op::F32##name, kind, which); \
  set(Op::F64##name, kind, which)
  BOTH(Eqz, Kind::Eqz, 0);
  BOTH(Eq, Kind::Compare, Predicate::ICMP_EQ);
  BOTH(Ne, Kind::Compare, Predicate::ICMP_NE);
  BOTH(LtS, Kind::Compare, Predicate::ICMP_SLT);
  BOTH(LtU, Kind::Compare, Predicate::ICMP_ULT);
  BOTH(GtS, Kind::Compare, Predicate::ICMP_SGT);
  BOTH(GtU, Kind::Compare, Predicate::ICMP_UGT);
  BOTH(LeS, Kind::Compare, Predicate::ICMP_SLE);
  BOTH(LeU, Kind::Compare, Predicate::ICMP_ULE);
  BOTH(GeS, Kind::Compare, Predicate::ICMP_SGE);
  BOTH(GeU, Kind::Compare, Predicate::ICMP_UGE);
  BOTH(Clz, Kind::Count, llvm::Intrinsic::ctlz);
  BOTH(Ctz, Kind::Count, llvm::Intrinsic::cttz);
  BOTH(Popcnt, Kind::Unary, llvm::Intrinsic::ctpop);
  BOTH(Add, Kind::Binary, llvm::Instruction::Add);
  BOTH(Sub, Kind::Binary, llvm::Instruction::Sub);
  BOTH(Mul, Kind::Binary, llvm::Instruction::Mul);
  BOTH(And, Kind::Binary, llvm::Instruction::And);
  BOTH(Or, Kind::Binary, llvm::Instruction::Or);
  BOTH(Xor, Kind::Binary, llvm::Instruction::Xor);
  BOTH(DivS, Kind::Divide, llvm::Instruction::SDiv);
  BOTH(DivU, Kind::Divide, llvm::Instruction::UDiv);
  BOTH(RemS, Kind::Divide, llvm::Instruction::SRem);
  BOTH(RemU, Kind::Divide, llvm::Instruction::URem);
  BOTH(Shl, Kind::Shift, llvm::Instruction::Shl);
  BOTH(ShrS, Kind::Shift, llvm::Instruction::AShr);
  BOTH(ShrU, Kind::Shift, llvm::Instruction::LShr);
  BOTH(Rotl, Kind::Rotate, llvm::Intrinsic::fshl);
  BOTH(Rotr, Kind::Rotate, llvm::Intrinsic::fshr);
  FLOATS(Eq, Kind::FloatCompare, Predicate::FCMP_OEQ);
  FLOATS(Ne, Kind::FloatCompare, Predicate::FCMP_UNE);
  FLOATS(Lt, Kind::FloatCompare, Predicate::FCMP_OLT);
  FLOATS(Gt, Kind::FloatCompare, Predicate::FCMP_OGT);
  FLOATS(Le, Kind::FloatCompare, Predicate::FCMP_OLE);
  FLOATS(Ge, Kind::FloatCompare, Predicate::FCMP_OGE);
  FLOATS(Add, Kind::Binary, llvm::Instruction::FAdd);
  FLOATS(Sub, Kind::Binary, llvm::Instruction::FSub);
  FLOATS(Mul, Kind::Binary, llvm::Instruction::FMul);
  FLOATS(Div, Kind::Binary, llvm::Instruction::FDiv);
  FLOATS(Min, Kind::MinMax, llvm::Intrinsic::minimum);
  FLOATS(Max, Kind::MinMax, llvm::Intrinsic::maximum);
  FLOATS(Copysign, Kind::Binary2, llvm::Intrinsic::copysign);
  FLOATS(Abs, Kind::Unary, llvm::Intrinsic::fabs);
  FLOATS(Neg, Kind::Negate, 0);
  FLOATS(Ceil, Kind::Unary, llvm::Intrinsic::ceil);
  FLOATS(Floor, Kind::Unary, llvm::Intrinsic::floor);
  FLOATS(Trunc, Kind::Unary, llvm::Intrinsic::trunc);
  FLOATS(Nearest, Kind::Unary, llvm::Intrinsic::roundeven);
  FLOATS(Sqrt, Kind::Unary, llvm::Intrinsic::sqrt);
#undef BOTH
#undef FLOATS
  set(Op::I32WrapI64, Kind::Cast, llvm::Instruction::Trunc, To::I32);
  set(Op::I64ExtendI32S, Kind::Cast, llvm::Instruction::SExt, To::I64);
  set(Op::I64ExtendI32U, Kind::Cast, llvm::Instruction::ZExt, To::I64);
  set(Op::F32DemoteF64, Kind::Cast, llvm::Instruction::FPTrunc, To::F32);
  set(Op::F64PromoteF32, Kind::Cast, llvm::Instruction::FPExt, To::F64);
  set(Op::I32ReinterpretF32, Kind::Cast, llvm::Instruction::BitCast, To::I32);
  set(Op::I64ReinterpretF64, Kind::Cast, llvm::Instruction::BitCast, To::I64);
  set(Op::F32ReinterpretI32, Kind::Cast, llvm::Instruction::BitCast, To::F32);
  set(Op::F64ReinterpretI64, Kind::Cast, llvm::Instruction::BitCast, To::F64);
#define CONVERT(F)                                                       \
  set(Op::F##ConvertI32S, Kind::Cast, llvm::Instruction::SIToFP, To::F); \
  set(Op::F##ConvertI32U, Kind::Cast, llvm::Instruction::UIToFP, To::F); \
  set(Op::F##ConvertI64S, Kind::Cast, llvm::Instruction::SIToFP, To::F); \
  set(Op::F##ConvertI64U, Kind::Cast, llvm::Instruction::UIToFP, To::F)
  CONVERT(F32);
  CONVERT(F64);
#undef CONVERT
#define TRUNCATE(I, F)                                                            \
  set(Op::I##Trunc##F##S, Kind::Truncate, 0, To::I, 1);                           \
  set(Op::I##Trunc##F##U, Kind::Truncate, 0, To::I, 0);                           \
  set(Op::I##TruncSat##F##S, Kind::Saturate, llvm::Intrinsic::fptosi_sat, To::I); \
  set(Op::I##TruncSat##F##U, Kind::Saturate, llvm::Intrinsic::fptoui_sat, To::I)
  TRUNCATE(I32, F32);
  TRUNCATE(I32, F64);
  TRUNCATE(I64, F32);
  TRUNCATE(I64, F64);
#undef TRUNCATE
  set(Op::I32Extend8S, Kind::Extend, 0, To::I32, 8);
  set(Op::I32Extend16S, Kind::Extend, 0, To::I32, 16);
  set(Op::I64Extend8S, Kind::Extend, 0, To::I64, 8);
  set(Op::I64Extend16S, Kind::Extend, 0, To::I64, 16);
  set(Op::I64Extend32S, Kind::Extend, 0, To::I64, 32);
  for (const Op op : {Op::I64Add128, Op::I64Sub128, Op::I64MulWideS, Op::I64MulWideU}) set(op, Kind::Wide, 0);
  return rows;
}
constexpr auto kRows = make_rows();

llvm::APFloat float_of(const llvm::Type* type, double value) {
  llvm::APFloat number(value);
  bool loses = false;
  number.convert(type->getFltSemantics(), llvm::APFloat::rmNearestTiesToEven, &loses);
  return number;
}

}  // namespace

void FunctionEmitter::constant(const Instruction& instruction, Operand* operand) {
  switch (instruction.op) {
    case Op::I32Const: operand->value = int32(static_cast<uint32_t>(instruction.value)); return;
    case Op::I64Const: operand->value = int64(instruction.value); return;
    case Op::F32Const:
      operand->value = llvm::ConstantFP::get(
          unit_.llvm_context(), llvm::APFloat(llvm::APFloat::IEEEsingle(),
                                              llvm::APInt(32, static_cast<uint32_t>(instruction.value))));
      return;
    default:
      operand->value = llvm::ConstantFP::get(
          unit_.llvm_context(),
          llvm::APFloat(llvm::APFloat::IEEEdouble(), llvm::APInt(64, instruction.value)));
  }
}

void FunctionEmitter::simple(const Instruction& instruction, Operand* operands) {
  switch (instruction.op) {
    case Op::I32Const:
    case Op::I64Const:
    case Op::F32Const:
    case Op::F64Const: return constant(instruction, operands);
    case Op::ElemDrop:
    case Op::DataDrop: return bulk(instruction, operands, 0, 0);
    case Op::AtomicFence: return atomic_fence();
    default: break;
  }
  if (kRows[static_cast<uint32_t>(instruction.op)].kind != Kind::None)
    return number_op(instruction, operands);
  const wasm::Signature& signature = wasm::info(instruction.op).signature;
  llvm::Value* values[4] = {};
  for (uint32_t i = 0; i < signature.param_count; ++i) values[i] = operands[i].value;
  llvm::Value* const result = vector_op(instruction, std::span(values, signature.param_count));
  if (!failed_ && signature.result_count != 0) operands[0].value = result;
}

void FunctionEmitter::number_op(const Instruction& instruction, Operand* operands) {
  const Row row = kRows[static_cast<uint32_t>(instruction.op)];
  llvm::Value* const left = operands[0].value;
  llvm::Value* const right =
      wasm::info(instruction.op).signature.param_count > 1 ? operands[1].value : nullptr;
  llvm::Type* const types[] = {unit_.i32(), unit_.i64(), builder_.getFloatTy(), builder_.getDoubleTy()};
  llvm::Type* const to = types[static_cast<uint32_t>(row.result)];
  const auto boolean = [&](llvm::Value* value) { return builder_.CreateZExt(value, unit_.i32()); };
  llvm::Value* result = nullptr;
  switch (row.kind) {
    case Kind::Eqz: result = boolean(builder_.CreateIsNull(left)); break;
    case Kind::Compare: result = boolean(builder_.CreateICmp(Predicate(row.which), left, right)); break;
    case Kind::FloatCompare: result = boolean(builder_.CreateFCmp(Predicate(row.which), left, right)); break;
    case Kind::Binary:
      result = builder_.CreateBinOp(llvm::Instruction::BinaryOps(row.which), left, right);
      break;
    case Kind::Shift: {
      llvm::Value* const mask =
          llvm::ConstantInt::get(left->getType(), left->getType()->getIntegerBitWidth() - 1);
      result = builder_.CreateBinOp(llvm::Instruction::BinaryOps(row.which), left,
                                    builder_.CreateAnd(right, mask));
      break;
    }
    case Kind::Rotate:
      result = builder_.CreateIntrinsic(ID(row.which), {left->getType()}, {left, left, right});
      break;
    case Kind::Divide: result = divide(row.which, left, right); break;
    case Kind::Count:
      result = builder_.CreateIntrinsic(ID(row.which), {left->getType()}, {left, builder_.getFalse()});
      break;
    case Kind::Unary: result = builder_.CreateIntrinsic(ID(row.which), {left->getType()}, {left}); break;
    case Kind::Binary2:
      result = builder_.CreateIntrinsic(ID(row.which), {left->getType()}, {left, right});
      break;
    case Kind::MinMax:
      result = builder_.CreateIntrinsic(ID(row.which), {left->getType()}, {left, right});
      if (unit_.options().architecture == Architecture::X86_64) result = quiet(result);
      break;
    case Kind::Negate: result = builder_.CreateFNeg(left); break;
    case Kind::Cast: result = builder_.CreateCast(llvm::Instruction::CastOps(row.which), left, to); break;
    case Kind::Extend:
      result = builder_.CreateSExt(builder_.CreateTrunc(left, builder_.getIntNTy(row.bits)), to);
      break;
    case Kind::Truncate: result = truncate(left, to, row.bits != 0); break;
    case Kind::Saturate:
      result = builder_.CreateIntrinsic(ID(row.which), {to, left->getType()}, {left});
      break;
    case Kind::Wide: return wide_op(instruction.op, operands);
    case Kind::None: return leave_out(instruction.op);
  }
  if (unit_.options().nan_canonicalization) result = canonical_nan(instruction, result);
  operands[0].value = result;
}

llvm::Value* FunctionEmitter::divide(uint32_t opcode, llvm::Value* left, llvm::Value* right) {
  llvm::Type* const type = left->getType();
  trap_if(builder_.CreateIsNull(right), TrapCode::IntegerDivideByZero);
  llvm::Value* const minus_one = llvm::ConstantInt::getAllOnesValue(type);
  if (opcode == llvm::Instruction::SDiv) {
    llvm::Value* const least =
        llvm::ConstantInt::get(type, llvm::APInt::getSignedMinValue(type->getIntegerBitWidth()));
    trap_if(builder_.CreateAnd(builder_.CreateICmpEQ(left, least), builder_.CreateICmpEQ(right, minus_one)),
            TrapCode::IntegerOverflow);
  }
  // The least number by -1 leaves 0, as everything by 1 does.
  if (opcode == llvm::Instruction::SRem) {
    right = builder_.CreateSelect(builder_.CreateICmpEQ(right, minus_one), llvm::ConstantInt::get(type, 1),
                                  right);
  }
  return builder_.CreateBinOp(llvm::Instruction::BinaryOps(opcode), left, right);
}

// In range is what lies between the numbers next to the type's bounds; NaN is not. Only one who is outside asks why.
llvm::Value* FunctionEmitter::truncate(llvm::Value* value, llvm::Type* to, bool is_signed) {
  llvm::Type* const from = value->getType();
  const uint32_t bits = to->getIntegerBitWidth();
  const double power = bits == 32 ? 4294967296.0 : 18446744073709551616.0;
  const double above = is_signed ? power / 2 : power;
  // The number below the least is exact only for i32 from f64; elsewhere the least itself is the bound.
  const bool is_exact = !is_signed || (bits == 32 && from->isDoubleTy());
  const double below = is_signed ? (is_exact ? -power / 2 - 1 : -power / 2) : -1.0;
  const auto constant = [&](double number) {
    return llvm::ConstantFP::get(from->getContext(), float_of(from, number));
  };
  llvm::Value* const is_above_least = is_exact ? builder_.CreateFCmpOGT(value, constant(below))
                                               : builder_.CreateFCmpOGE(value, constant(below));
  llvm::Value* const is_inside =
      builder_.CreateAnd(is_above_least, builder_.CreateFCmpOLT(value, constant(above)));
  llvm::BasicBlock* const outside = new_block();
  llvm::BasicBlock* const next = new_block();
  builder_.CreateCondBr(builder_.CreateNot(is_inside), outside, next, unit_.unlikely());
  builder_.SetInsertPoint(outside);
  trap_if(builder_.CreateFCmpUNO(value, value), TrapCode::InvalidConversionToInteger);
  trap(TrapCode::IntegerOverflow);
  builder_.SetInsertPoint(next);
  return is_signed ? builder_.CreateFPToSI(value, to) : builder_.CreateFPToUI(value, to);
}

// Low and high halves, the low one first.
void FunctionEmitter::wide_op(Op op, Operand* operands) {
  llvm::Type* const i128 = builder_.getInt128Ty();
  const auto whole = [&](uint32_t low) {
    llvm::Value* const high = builder_.CreateShl(builder_.CreateZExt(operands[low + 1].value, i128), 64);
    return builder_.CreateOr(builder_.CreateZExt(operands[low].value, i128), high);
  };
  llvm::Value* result = nullptr;
  if (op == Op::I64Add128 || op == Op::I64Sub128) {
    llvm::Value* const left = whole(0);
    llvm::Value* const right = whole(2);
    result = op == Op::I64Add128 ? builder_.CreateAdd(left, right) : builder_.CreateSub(left, right);
  } else {
    const bool is_signed = op == Op::I64MulWideS;
    const auto extend = [&](llvm::Value* value) {
      return is_signed ? builder_.CreateSExt(value, i128) : builder_.CreateZExt(value, i128);
    };
    llvm::Value* const left = extend(operands[0].value);
    result = builder_.CreateMul(left, extend(operands[1].value));
  }
  operands[0].value = builder_.CreateTrunc(result, unit_.i64());
  operands[1].value = builder_.CreateTrunc(builder_.CreateLShr(result, 64), unit_.i64());
}

void FunctionEmitter::select(wasm::ValType, Operand* operands) {
  operands[0].value = builder_.CreateSelect(builder_.CreateIsNotNull(operands[2].value), operands[0].value,
                                            operands[1].value);
}

// --- NaN ---

// The number, or a NaN with its quiet bit set.
llvm::Value* FunctionEmitter::quiet(llvm::Value* value) {
  llvm::Type* const type = value->getType();
  llvm::Type* const bits = type->isFloatTy() ? unit_.i32() : unit_.i64();
  llvm::Value* const quiet_bit =
      llvm::ConstantInt::get(bits, type->isFloatTy() ? 0x0040'0000 : uint64_t{1} << 51);
  llvm::Value* const quieted =
      builder_.CreateBitCast(builder_.CreateOr(builder_.CreateBitCast(value, bits), quiet_bit), type);
  return builder_.CreateSelect(builder_.CreateFCmpUNO(value, value), quieted, value);
}

// For --nan-canonicalization: behind what may make a NaN.
llvm::Value* FunctionEmitter::canonical_nan(const Instruction& instruction, llvm::Value* value) {
  switch (instruction.op) {
#define NAN_SOURCE(name, kind) case Op::name:
#include "engine/wasm/nan_sources.inc"
    break;
    default: return value;
  }
  llvm::Type* const type = value->getType();
  return builder_.CreateSelect(builder_.CreateFCmpUNO(value, value), llvm::ConstantFP::getNaN(type), value);
}

}  // namespace wherry::compiler
