// Lanes that move: constants, splats, single lanes, shuffles, narrowing, and products that are added to their neighbours
// (core spec 4.3.5).
#include <llvm/IR/IntrinsicsAArch64.h>
#include <llvm/IR/IntrinsicsX86.h>

#include <cstring>

#include "compiler/simd_operation.h"

namespace wherry::compiler {

using llvm::Value;
using llvm::Intrinsic::ID;

Value* vector_constant(const VectorOp& op) {
  uint64_t lanes[2];
  std::memcpy(lanes, op.instruction.vector, sizeof lanes);
  return llvm::ConstantDataVector::get(op.b.getContext(), lanes);
}

namespace {

// An i32 operand as a lane of fewer bits.
Value* lane_of(const VectorOp& op, Value* scalar) {
  return is_float(op.shape) ? scalar : op.b.CreateZExtOrTrunc(scalar, op.lane_type(op.shape));
}

}  // namespace

Value* vector_splat(const VectorOp& op) {
  return op.b.CreateVectorSplat(lane_count(op.shape), lane_of(op, op.operands[0]));
}

Value* vector_extract(const VectorOp& op) {
  Value* const lane = op.b.CreateExtractElement(op.x(), uint64_t{op.instruction.lane});
  if (lane_bits(op.shape) >= 32) return lane;
  return op.argument == kSigned ? op.b.CreateSExt(lane, op.b.getInt32Ty())
                                : op.b.CreateZExt(lane, op.b.getInt32Ty());
}

Value* vector_replace(const VectorOp& op) {
  return op.b.CreateInsertElement(op.x(), lane_of(op, op.operands[1]), uint64_t{op.instruction.lane});
}

Value* vector_shuffle(const VectorOp& op) {
  int lanes[16];
  for (uint32_t i = 0; i < 16; ++i) lanes[i] = op.instruction.vector[i];
  return op.b.CreateShuffleVector(op.x(), op.y(), lanes);
}

// Lane numbers of 16 and more give 0. pshufb looks at bit 7 and the lowest four; tbl does the same by itself.
Value* vector_swizzle(const VectorOp& op) {
  if (!op.is_x86())
    return op.call(llvm::Intrinsic::aarch64_neon_tbl1, {op.type(Shape::I8x16)}, {op.x(), op.y()});
  Value* const lanes =
      op.b.CreateBinaryIntrinsic(llvm::Intrinsic::uadd_sat, op.y(), op.splat(Shape::I8x16, uint64_t{0x70}));
  return op.call(llvm::Intrinsic::x86_ssse3_pshuf_b_128, {}, {op.x(), lanes});
}

namespace {

// Eight or four lanes of one operand, saturated.
Value* narrow_half_arm(const VectorOp& op, Value* wide, bool is_unsigned) {
  auto* const narrow = llvm::FixedVectorType::get(op.lane_type(op.shape), lane_count(op.shape) / 2);
  const ID id = is_unsigned ? llvm::Intrinsic::aarch64_neon_sqxtun : llvm::Intrinsic::aarch64_neon_sqxtn;
  return op.call(id, {narrow}, {wide});
}

Value* concatenate(const VectorOp& op, Value* low, Value* high) {
  const auto lanes =
      static_cast<int>(llvm::cast<llvm::FixedVectorType>(low->getType())->getNumElements()) * 2;
  llvm::SmallVector<int, 16> mask;
  for (int i = 0; i < lanes; ++i) mask.push_back(i);
  return op.b.CreateShuffleVector(low, high, mask);
}

// Both operands' lanes, saturated to half their width, which is op.shape's.
Value* narrow(const VectorOp& op, Value* x, Value* y, Shape to, bool is_unsigned) {
  if (!op.is_x86()) {
    VectorOp half = op;
    half.shape = to;
    return concatenate(op, narrow_half_arm(half, x, is_unsigned), narrow_half_arm(half, y, is_unsigned));
  }
  const ID bytes =
      is_unsigned ? llvm::Intrinsic::x86_sse2_packuswb_128 : llvm::Intrinsic::x86_sse2_packsswb_128;
  const ID words = is_unsigned ? llvm::Intrinsic::x86_sse41_packusdw : llvm::Intrinsic::x86_sse2_packssdw_128;
  return op.call(to == Shape::I8x16 ? bytes : words, {}, {x, y});
}

// Sums of two neighbours' products in lanes of twice the width, where they wrap.
Value* dot_arm(const VectorOp& op, Value* x, Value* y, Shape sums) {
  const auto products = [&](bool high) {
    return op.b.CreateMul(op.extend(op.half(x, high), false), op.extend(op.half(y, high), false));
  };
  return op.call(llvm::Intrinsic::aarch64_neon_addp, {op.type(sums)}, {products(false), products(true)});
}

Value* dot_words(const VectorOp& op, Value* x, Value* y) {
  if (op.is_x86()) return op.call(llvm::Intrinsic::x86_sse2_pmadd_wd, {}, {x, y});
  return dot_arm(op, x, y, Shape::I32x4);
}

// Without an instruction for it: the products of the even bytes and those of the odd ones.
Value* dot_bytes(const VectorOp& op) {
  Value* const x = op.at(0, Shape::I8x16);
  Value* const y = op.at(1, Shape::I8x16);
  if (!op.is_x86()) return dot_arm(op, x, y, Shape::I16x8);
  const auto bytes = [&](Value* v, bool odd) {
    Value* const words = op.b.CreateBitCast(v, op.type(Shape::I16x8));
    return op.b.CreateAShr(odd ? words : op.b.CreateShl(words, 8), 8);
  };
  return op.b.CreateAdd(op.b.CreateMul(bytes(x, false), bytes(y, false)),
                        op.b.CreateMul(bytes(x, true), bytes(y, true)));
}

}  // namespace

Value* vector_narrow(const VectorOp& op) {
  const auto from = static_cast<Shape>(static_cast<uint8_t>(op.shape) + 1);
  return narrow(op, op.at(0, from), op.at(1, from), op.shape, op.argument == kUnsigned);
}

// (x * y + 2^14) >> 15; only the square of -2^15 leaves the range, and comes out of pmulhrsw as -2^15.
Value* vector_q15(const VectorOp& op) {
  if (!op.is_x86())
    return op.call(llvm::Intrinsic::aarch64_neon_sqrdmulh, {op.type(Shape::I16x8)}, {op.x(), op.y()});
  Value* const product = op.call(llvm::Intrinsic::x86_ssse3_pmul_hr_sw_128, {}, {op.x(), op.y()});
  Value* const least = op.splat(Shape::I16x8, uint64_t{0x8000});
  return op.b.CreateXor(product, op.mask(op.b.CreateICmpEQ(product, least), Shape::I16x8));
}

Value* vector_dot(const VectorOp& op) { return dot_words(op, op.x(), op.y()); }

Value* vector_dot_bytes(const VectorOp& op) { return dot_bytes(op); }

Value* vector_dot_bytes_add(const VectorOp& op) {
  Value* const products = dot_bytes(op);
  Value* pairs = nullptr;
  if (op.is_x86()) {
    pairs = dot_words(op, products, op.splat(Shape::I16x8, uint64_t{1}));
  } else {
    pairs = op.call(llvm::Intrinsic::aarch64_neon_saddlp, {op.type(Shape::I32x4), op.type(Shape::I16x8)},
                    {products});
  }
  return op.b.CreateAdd(pairs, op.at(2, Shape::I32x4));
}

}  // namespace wherry::compiler
