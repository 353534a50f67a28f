// Lanes of floats (core spec 4.3.3, 4.3.4).
//
// NaNs: an instruction of arithmetic gives quiet ones. The processors do so; LLVM, which takes signalling and quiet NaNs for
// the same, folds `x * 1`, `x - 0` or a promotion that is taken back to `x`, and the signalling bit would stay. So
// results of these shapes are made quiet (quieted()), by bits that LLVM does not fold: nothing else
// pays. There is no llvm.canonicalize on x86-64 in LLVM 19.
//
// min and max: llvm.minimum says what is meant, and is one instruction on AArch64. On x86-64 it becomes a longer
// sequence than ours, which also keeps signalling NaNs.
//
// Conversions to integers: LLVM's saturating ones are taken apart into lanes on x86-64, so they are spelt there.
#include <llvm/IR/IntrinsicsX86.h>

#include "compiler/simd_operation.h"

namespace wherry::compiler {

using llvm::Instruction;
using llvm::Value;

namespace {

// NaNs made quiet, by setting their top bit.
Value* quieted(const VectorOp& op, Value* x, Shape shape) {
  const Shape bits = integer_shape(shape);
  const uint64_t quiet = lane_bits(shape) == 32 ? uint64_t{1} << 22 : uint64_t{1} << 51;
  Value* const set = op.b.CreateOr(op.cast(x, bits), op.splat(bits, quiet));
  Value* const is_nan = op.b.CreateFCmpUNO(x, op.zero(shape));
  return op.b.CreateSelect(is_nan, op.cast(set, shape), x);
}

// Whether a lane of a constant is `number` in absolute value, 0 or 1.
bool has_lane(Value* value, double number) {
  const auto* const constant = llvm::dyn_cast<llvm::Constant>(value);
  if (constant == nullptr) return false;
  const auto lanes = llvm::cast<llvm::FixedVectorType>(constant->getType())->getNumElements();
  for (unsigned i = 0; i < lanes; ++i) {
    const auto* const lane = llvm::dyn_cast_or_null<llvm::ConstantFP>(constant->getAggregateElement(i));
    if (lane == nullptr) return true;
    const llvm::APFloat& it = lane->getValueAPF();
    if (number == 0 ? it.isZero() : llvm::abs(it).isExactlyValue(number)) return true;
  }
  return false;
}

// Operations that leave x as it is, or change its sign only.
bool may_fold(Instruction::BinaryOps opcode, Value* x, Value* y) {
  switch (opcode) {
    case Instruction::FAdd:
    case Instruction::FSub: return has_lane(x, 0) || has_lane(y, 0);
    case Instruction::FMul: return has_lane(x, 1) || has_lane(y, 1);
    default: return has_lane(y, 1);
  }
}

Value* arithmetic(const VectorOp& op, Instruction::BinaryOps opcode, Value* x, Value* y) {
  Value* const result = op.b.CreateBinOp(opcode, x, y);
  return may_fold(opcode, x, y) ? quieted(op, result, op.shape) : result;
}

bool is_min(const VectorOp& op) { return op.argument == llvm::Intrinsic::minimum; }

// One of the two: `x` if it is less (or greater), else `y`. That is minps and maxps.
Value* choose(const VectorOp& op, Value* x, Value* y) {
  Value* const chosen = is_min(op) ? op.b.CreateFCmpOLT(x, y) : op.b.CreateFCmpOGT(x, y);
  return op.b.CreateSelect(chosen, x, y);
}

}  // namespace

Value* vector_float_binary(const VectorOp& op) {
  return arithmetic(op, static_cast<Instruction::BinaryOps>(op.argument), op.x(), op.y());
}

Value* vector_float_negate(const VectorOp& op) { return op.b.CreateFNeg(op.x()); }

// minps gives its second operand for zeros of either sign; both orders together have the sign bits. The sum of NaNs is
// quiet.
Value* vector_float_extreme(const VectorOp& op) {
  Value* const x = op.x();
  Value* const y = op.y();
  if (!op.is_x86()) return op.b.CreateBinaryIntrinsic(static_cast<llvm::Intrinsic::ID>(op.argument), x, y);
  const Shape bits = integer_shape(op.shape);
  Value* const one = op.cast(choose(op, x, y), bits);
  Value* const other = op.cast(choose(op, y, x), bits);
  Value* const number = is_min(op) ? op.b.CreateOr(one, other) : op.b.CreateAnd(one, other);
  return op.b.CreateSelect(op.b.CreateFCmpUNO(x, y), arithmetic(op, Instruction::FAdd, x, y),
                           op.cast(number, op.shape));
}

// pmin: y < x ? y : x. Operands pass through as they are, NaNs too.
Value* vector_pseudo_extreme(const VectorOp& op) { return choose(op, op.y(), op.x()); }

// Not fused: rounded twice.
Value* vector_multiply_add(const VectorOp& op) {
  Value* const x = op.argument == 1 ? op.b.CreateFNeg(op.x()) : op.x();
  return arithmetic(op, Instruction::FAdd, arithmetic(op, Instruction::FMul, x, op.y()), op.at(2, op.shape));
}

namespace {

constexpr double kTwo31 = 2147483648.0;
constexpr double kTwo52 = 4503599627370496.0;

// cvttps2dq gives 0x80000000 for what does not fit: right below the range, to be inverted above it.
Value* inverted_above(const VectorOp& op, Value* number, Value* limit) {
  Value* const converted = op.call(llvm::Intrinsic::x86_sse2_cvttps2dq, {}, {number});
  return op.b.CreateXor(converted, op.mask(op.b.CreateFCmpOGE(number, limit), Shape::I32x4));
}

// NaN becomes 0.
Value* without_nan(const VectorOp& op, Value* x) {
  return op.b.CreateSelect(op.b.CreateFCmpORD(x, op.zero(op.shape)), x, op.zero(op.shape));
}
// NaN and what is negative become 0.
Value* from_zero(const VectorOp& op, Value* x) {
  Value* const zero = op.zero(op.shape);
  return op.b.CreateSelect(op.b.CreateFCmpOGT(x, zero), x, zero);
}
Value* at_most(const VectorOp& op, Value* x, double limit) {
  Value* const most = op.splat(op.shape, limit);
  return op.b.CreateSelect(op.b.CreateFCmpOLT(x, most), x, most);
}

Value* truncate_f32_x86(const VectorOp& op) {
  Value* const limit = op.splat(Shape::F32x4, kTwo31);
  if (op.argument == kSigned) return inverted_above(op, without_nan(op, op.x()), limit);
  // In two parts, below 2^31 and above it.
  Value* const number = from_zero(op, op.x());
  Value* const high = inverted_above(op, op.b.CreateFSub(number, limit), limit);
  Value* const low = op.call(llvm::Intrinsic::x86_sse2_cvttps2dq, {}, {number});
  return op.b.CreateAdd(low, op.b.CreateBinaryIntrinsic(llvm::Intrinsic::smax, high, op.zero(Shape::I32x4)));
}

Value* truncate_f64_x86(const VectorOp& op) {
  if (op.argument == kSigned) {
    return op.call(llvm::Intrinsic::x86_sse2_cvttpd2dq, {},
                   {at_most(op, without_nan(op, op.x()), kTwo31 - 1)});
  }
  // The integer stands in the low bits of a double to which 2^52 was added.
  Value* const number = at_most(op, from_zero(op, op.x()), 2 * kTwo31 - 1);
  Value* const whole = op.b.CreateUnaryIntrinsic(llvm::Intrinsic::trunc, number);
  Value* const sum = op.b.CreateFAdd(whole, op.splat(Shape::F64x2, kTwo52));
  return op.b.CreateShuffleVector(op.cast(sum, Shape::I32x4), op.zero(Shape::I32x4), {0, 2, 4, 5});
}

// Two lanes in front of two zeros.
Value* with_zeros(const VectorOp& op, Value* two) {
  return op.b.CreateShuffleVector(two, llvm::Constant::getNullValue(two->getType()), {0, 1, 2, 3});
}

}  // namespace

Value* vector_truncate(const VectorOp& op) {
  if (op.is_x86()) return op.shape == Shape::F32x4 ? truncate_f32_x86(op) : truncate_f64_x86(op);
  const auto id = op.argument == kSigned ? llvm::Intrinsic::fptosi_sat : llvm::Intrinsic::fptoui_sat;
  auto* const integers = llvm::FixedVectorType::get(op.b.getInt32Ty(), lane_count(op.shape));
  Value* const result = op.call(id, {integers, op.type(op.shape)}, {op.x()});
  return op.shape == Shape::F32x4 ? result : with_zeros(op, result);
}

Value* vector_convert(const VectorOp& op) {
  Value* x = op.at(0, Shape::I32x4);
  if (op.shape == Shape::F64x2) x = op.half(x, false);
  return op.argument == kSigned ? op.b.CreateSIToFP(x, op.type(op.shape))
                                : op.b.CreateUIToFP(x, op.type(op.shape));
}

// What was promoted before is made quiet here, since LLVM takes both away together.
Value* vector_demote(const VectorOp& op) {
  Value* const x = op.x();
  const auto* source = op.operands[0];
  if (const auto* const cast = llvm::dyn_cast<llvm::BitCastInst>(source)) source = cast->getOperand(0);
  Value* const wide = llvm::isa<llvm::FPExtInst>(source) ? quieted(op, x, Shape::F64x2) : x;
  return with_zeros(op, op.b.CreateFPTrunc(wide, llvm::FixedVectorType::get(op.b.getFloatTy(), 2)));
}

Value* vector_promote(const VectorOp& op) {
  return op.b.CreateFPExt(op.half(op.x(), false), op.type(Shape::F64x2));
}

}  // namespace wherry::compiler
