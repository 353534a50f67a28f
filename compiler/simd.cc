// Vector instructions: the table of them, and what their functions share.
//
// General vector IR wherever LLVM finds the processor's instruction in it, because that is what its optimiser
// understands; intrinsics of the processor where it does not (swizzle, narrowing, products that are added). Each operand is cast
// from <2 x i64> and each result back: locals, phis and calls have one type for all vectors, and the casts vanish.
// Rejected: a `switch` with a case for each of 250 instructions (three quarters of them differ from a neighbour in a shape or
// an opcode only, which a row says in one line). compiler/simd_test.cc compares all with the interpreter's.
#include "compiler/simd.h"

#include <array>

#include "compiler/simd_operation.h"

namespace wherry::compiler {
namespace {

using wasm::Op;

struct Row {
  VectorFunction function = nullptr;
  Shape shape = Shape::I8x16;
  uint32_t argument = 0;
};

constexpr auto make_rows() {
  std::array<Row, wasm::kOpCount> rows{};
#define ROW(name, shape, function, argument) \
  rows[static_cast<uint32_t>(Op::name)] = {function, Shape::shape, static_cast<uint32_t>(argument)};
#include "compiler/simd_rows.inc"
  return rows;
}
constexpr std::array<Row, wasm::kOpCount> kRows = make_rows();

}  // namespace

llvm::Type* VectorOp::lane_type(Shape of) const {
  if (of == Shape::F32x4) return b.getFloatTy();
  if (of == Shape::F64x2) return b.getDoubleTy();
  return b.getIntNTy(lane_bits(of));
}

llvm::FixedVectorType* VectorOp::type(Shape of) const {
  return llvm::FixedVectorType::get(lane_type(of), lane_count(of));
}

llvm::Value* VectorOp::cast(llvm::Value* value, Shape to) const { return b.CreateBitCast(value, type(to)); }

llvm::Value* VectorOp::splat(Shape of, uint64_t integer) const {
  return llvm::ConstantInt::get(type(of), integer);
}

llvm::Value* VectorOp::splat(Shape of, double number) const {
  return llvm::ConstantFP::get(type(of), number);
}

llvm::Value* VectorOp::half(llvm::Value* value, bool high) const {
  const auto lanes = static_cast<int>(llvm::cast<llvm::FixedVectorType>(value->getType())->getNumElements());
  llvm::SmallVector<int, 8> mask;
  for (int i = 0; i < lanes / 2; ++i) mask.push_back(high ? lanes / 2 + i : i);
  return b.CreateShuffleVector(value, mask);
}

llvm::Value* VectorOp::extend(llvm::Value* x, bool is_unsigned) const {
  auto* const wide =
      llvm::VectorType::getExtendedElementVectorType(llvm::cast<llvm::VectorType>(x->getType()));
  return is_unsigned ? b.CreateZExt(x, wide) : b.CreateSExt(x, wide);
}

llvm::Value* VectorOp::mask(llvm::Value* condition, Shape of) const {
  return b.CreateSExt(condition, type(integer_shape(of)));
}

llvm::Value* VectorOp::call(llvm::Intrinsic::ID id, llvm::ArrayRef<llvm::Type*> types,
                            llvm::ArrayRef<llvm::Value*> arguments) const {
  return b.CreateIntrinsic(id, types, arguments);
}

bool is_vector_op(Op op) { return kRows[static_cast<uint32_t>(op)].function != nullptr; }

llvm::Value* emit_vector_op(llvm::IRBuilderBase& builder, Architecture target,
                            const wasm::Instruction& instruction, std::span<llvm::Value* const> operands) {
  const Row& row = kRows[static_cast<uint32_t>(instruction.op)];
  const VectorOp op{builder, target, instruction, operands, row.shape, row.argument};
  llvm::Value* const result = row.function(op);
  return result->getType()->isVectorTy() ? op.cast(result, Shape::I64x2) : result;
}

}  // namespace wherry::compiler
