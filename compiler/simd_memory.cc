// Vectors and memory: what an access moves, and what a vector is made from it (core spec 4.6.10 and behind). Where memory is, and whether
// the access is within it, is the affair of whoever makes the access.
#include "compiler/simd_operation.h"

namespace wherry::compiler {
namespace {

using llvm::Value;
using wasm::Op;

enum class Access : uint8_t { None, Load, Extend, Splat, Zero, LoadLane, Store, StoreLane };

struct Row {
  Access access = Access::None;
  Shape shape = Shape::I64x2;  // Of the vector.
  bool is_unsigned = false;    // Extend.
};

constexpr Row row_of(Op op) {
  switch (op) {
    case Op::V128Load: return {Access::Load};
    case Op::V128Load8x8S: return {Access::Extend, Shape::I16x8};
    case Op::V128Load8x8U: return {Access::Extend, Shape::I16x8, true};
    case Op::V128Load16x4S: return {Access::Extend, Shape::I32x4};
    case Op::V128Load16x4U: return {Access::Extend, Shape::I32x4, true};
    case Op::V128Load32x2S: return {Access::Extend, Shape::I64x2};
    case Op::V128Load32x2U: return {Access::Extend, Shape::I64x2, true};
    case Op::V128Load8Splat: return {Access::Splat, Shape::I8x16};
    case Op::V128Load16Splat: return {Access::Splat, Shape::I16x8};
    case Op::V128Load32Splat: return {Access::Splat, Shape::I32x4};
    case Op::V128Load64Splat: return {Access::Splat, Shape::I64x2};
    case Op::V128Load32Zero: return {Access::Zero, Shape::I32x4};
    case Op::V128Load64Zero: return {Access::Zero, Shape::I64x2};
    case Op::V128Load8Lane: return {Access::LoadLane, Shape::I8x16};
    case Op::V128Load16Lane: return {Access::LoadLane, Shape::I16x8};
    case Op::V128Load32Lane: return {Access::LoadLane, Shape::I32x4};
    case Op::V128Load64Lane: return {Access::LoadLane, Shape::I64x2};
    case Op::V128Store: return {Access::Store};
    case Op::V128Store8Lane: return {Access::StoreLane, Shape::I8x16};
    case Op::V128Store16Lane: return {Access::StoreLane, Shape::I16x8};
    case Op::V128Store32Lane: return {Access::StoreLane, Shape::I32x4};
    case Op::V128Store64Lane: return {Access::StoreLane, Shape::I64x2};
    default: return {};
  }
}

VectorOp operation(llvm::IRBuilderBase& builder, const wasm::Instruction& instruction, const Row& row) {
  return {builder, Architecture::X86_64, instruction, {}, row.shape, 0};  // Nothing here asks for the target.
}

}  // namespace

bool is_vector_load(Op op) {
  const Access access = row_of(op).access;
  return access != Access::None && access != Access::Store && access != Access::StoreLane;
}

bool is_vector_store(Op op) {
  const Access access = row_of(op).access;
  return access == Access::Store || access == Access::StoreLane;
}

llvm::Type* vector_access_type(llvm::IRBuilderBase& builder, Op op) {
  const Row row = row_of(op);
  const uint32_t bits = lane_bits(row.shape);
  switch (row.access) {
    case Access::Load:
    case Access::Store: return llvm::FixedVectorType::get(builder.getInt64Ty(), 2);
    case Access::Extend:
      return llvm::FixedVectorType::get(builder.getIntNTy(bits / 2), lane_count(row.shape));
    default: return builder.getIntNTy(bits);
  }
}

Value* vector_from_memory(llvm::IRBuilderBase& builder, const wasm::Instruction& instruction, Value* loaded,
                          Value* vector) {
  const Row row = row_of(instruction.op);
  const VectorOp op = operation(builder, instruction, row);
  Value* result = loaded;
  if (row.access == Access::Extend) result = op.extend(loaded, row.is_unsigned);
  if (row.access == Access::Splat) result = builder.CreateVectorSplat(lane_count(row.shape), loaded);
  if (row.access == Access::Zero)
    result = builder.CreateInsertElement(op.zero(row.shape), loaded, uint64_t{0});
  if (row.access == Access::LoadLane)
    result = builder.CreateInsertElement(op.cast(vector, row.shape), loaded, uint64_t{instruction.lane});
  return op.cast(result, Shape::I64x2);
}

Value* vector_to_memory(llvm::IRBuilderBase& builder, const wasm::Instruction& instruction, Value* vector) {
  const Row row = row_of(instruction.op);
  if (row.access == Access::Store) return vector;
  const VectorOp op = operation(builder, instruction, row);
  return builder.CreateExtractElement(op.cast(vector, row.shape), uint64_t{instruction.lane});
}

}  // namespace wherry::compiler
