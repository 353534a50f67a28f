// Integer lanes: arithmetic, comparison, logic, tests and widening (core spec 4.3.2, 4.3.5).
#include <llvm/IR/IntrinsicsAArch64.h>
#include <llvm/IR/IntrinsicsX86.h>

#include "compiler/simd_operation.h"

namespace wherry::compiler {

using llvm::Value;
using llvm::Intrinsic::ID;

Value* vector_binary(const VectorOp& op) {
  return op.b.CreateBinOp(static_cast<llvm::Instruction::BinaryOps>(op.argument), op.x(), op.y());
}

Value* vector_intrinsic(const VectorOp& op) {
  const auto id = static_cast<ID>(op.argument);
  if (op.operands.size() == 1) return op.b.CreateUnaryIntrinsic(id, op.x());
  return op.b.CreateBinaryIntrinsic(id, op.x(), op.y());
}

Value* vector_compare(const VectorOp& op) {
  const auto predicate = static_cast<llvm::CmpInst::Predicate>(op.argument);
  return op.mask(op.b.CreateCmp(predicate, op.x(), op.y()), op.shape);
}

// The count is taken modulo the lanes' width.
Value* vector_shift(const VectorOp& op) {
  Value* const count = op.b.CreateAnd(op.operands[1], lane_bits(op.shape) - 1);
  Value* const lane = op.b.CreateZExtOrTrunc(count, op.lane_type(op.shape));
  return op.b.CreateBinOp(static_cast<llvm::Instruction::BinaryOps>(op.argument), op.x(),
                          op.b.CreateVectorSplat(lane_count(op.shape), lane));
}

Value* vector_negate(const VectorOp& op) { return op.b.CreateNeg(op.x()); }

Value* vector_abs(const VectorOp& op) {
  return op.call(llvm::Intrinsic::abs, {op.type(op.shape)}, {op.x(), op.b.getFalse()});
}

// (x + y + 1) / 2, not rounded before the end.
Value* vector_average(const VectorOp& op) {
  Value* const x = op.extend(op.x(), true);
  Value* const y = op.extend(op.y(), true);
  Value* const sum = op.b.CreateAdd(op.b.CreateAdd(x, y), llvm::ConstantInt::get(x->getType(), 1));
  return op.b.CreateTrunc(op.b.CreateLShr(sum, 1), op.type(op.shape));
}

Value* vector_all_true(const VectorOp& op) {
  if (!op.is_x86() && op.shape != Shape::I64x2) {
    Value* const least = op.call(llvm::Intrinsic::vector_reduce_umin, {op.type(op.shape)}, {op.x()});
    return op.b.CreateZExt(op.b.CreateIsNotNull(least), op.b.getInt32Ty());
  }
  Value* const zeros = op.b.CreateICmpEQ(op.x(), op.zero(op.shape));
  Value* const bits = op.b.CreateBitCast(zeros, op.b.getIntNTy(lane_count(op.shape)));
  return op.b.CreateZExt(op.b.CreateIsNull(bits), op.b.getInt32Ty());
}

Value* vector_any_true(const VectorOp& op) {
  if (!op.is_x86()) {
    Value* const x = op.at(0, Shape::I32x4);
    Value* const most = op.call(llvm::Intrinsic::vector_reduce_umax, {op.type(Shape::I32x4)}, {x});
    return op.b.CreateZExt(op.b.CreateIsNotNull(most), op.b.getInt32Ty());
  }
  Value* const all = op.b.CreateBitCast(op.operands[0], op.b.getInt128Ty());
  return op.b.CreateZExt(op.b.CreateIsNotNull(all), op.b.getInt32Ty());
}

Value* vector_bitmask(const VectorOp& op) {
  Value* const negative = op.b.CreateICmpSLT(op.x(), op.zero(op.shape));
  Value* const bits = op.b.CreateBitCast(negative, op.b.getIntNTy(lane_count(op.shape)));
  return op.b.CreateZExt(bits, op.b.getInt32Ty());
}

Value* vector_extend(const VectorOp& op) {
  return op.extend(op.half(op.at(0, narrower(op.shape)), (op.argument & kHigh) != 0),
                   (op.argument & kUnsigned) != 0);
}

// Products of twice the width do not overflow.
Value* vector_multiply(const VectorOp& op) {
  const bool high = (op.argument & kHigh) != 0;
  const bool is_unsigned = (op.argument & kUnsigned) != 0;
  Value* const x = op.extend(op.half(op.at(0, narrower(op.shape)), high), is_unsigned);
  Value* const y = op.extend(op.half(op.at(1, narrower(op.shape)), high), is_unsigned);
  return op.b.CreateMul(x, y);
}

namespace {

// pmaddubsw multiplies unsigned bytes by signed ones, pmaddwd signed words; both add neighbours.
Value* add_pairs_x86(const VectorOp& op, bool is_unsigned) {
  const Shape from = narrower(op.shape);
  Value* const x = op.at(0, from);
  Value* const ones = op.splat(from, uint64_t{1});
  if (op.shape == Shape::I16x8) {
    return op.call(llvm::Intrinsic::x86_ssse3_pmadd_ub_sw_128, {},
                   {is_unsigned ? x : ones, is_unsigned ? ones : x});
  }
  if (!is_unsigned) return op.call(llvm::Intrinsic::x86_sse2_pmadd_wd, {}, {x, ones});
  Value* const wide = op.at(0, op.shape);
  return op.b.CreateAdd(op.b.CreateLShr(wide, 16), op.b.CreateAnd(wide, 0xffff));
}

}  // namespace

Value* vector_add_pairs(const VectorOp& op) {
  const bool is_unsigned = op.argument == kUnsigned;
  if (op.is_x86()) return add_pairs_x86(op, is_unsigned);
  const ID id = is_unsigned ? llvm::Intrinsic::aarch64_neon_uaddlp : llvm::Intrinsic::aarch64_neon_saddlp;
  const Shape from = narrower(op.shape);
  return op.call(id, {op.type(op.shape), op.type(from)}, {op.at(0, from)});
}

Value* vector_not(const VectorOp& op) { return op.b.CreateNot(op.x()); }

Value* vector_andnot(const VectorOp& op) { return op.b.CreateAnd(op.x(), op.b.CreateNot(op.y())); }

Value* vector_bitselect(const VectorOp& op) {
  Value* const mask = op.at(2, op.shape);
  return op.b.CreateOr(op.b.CreateAnd(op.x(), mask), op.b.CreateAnd(op.y(), op.b.CreateNot(mask)));
}

}  // namespace wherry::compiler
