#pragma once

#include <llvm/IR/Constants.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Intrinsics.h>

#include "compiler/simd.h"

// One vector instruction on its way to IR, and the functions that rows of simd_rows.inc name.
namespace wherry::compiler {

enum class Shape : uint8_t { I8x16, I16x8, I32x4, I64x2, F32x4, F64x2 };

constexpr uint32_t lane_bits(Shape shape) {
  switch (shape) {
    case Shape::I8x16: return 8;
    case Shape::I16x8: return 16;
    case Shape::I32x4:
    case Shape::F32x4: return 32;
    case Shape::I64x2:
    case Shape::F64x2: return 64;
  }
  return 0;
}
constexpr uint32_t lane_count(Shape shape) { return 128 / lane_bits(shape); }
constexpr bool is_float(Shape shape) { return shape == Shape::F32x4 || shape == Shape::F64x2; }
// The integer shape of the same lanes.
constexpr Shape integer_shape(Shape shape) {
  return shape == Shape::F32x4 ? Shape::I32x4 : shape == Shape::F64x2 ? Shape::I64x2 : shape;
}
// Integer lanes of half the width, and of twice that.
constexpr Shape narrower(Shape shape) { return static_cast<Shape>(static_cast<uint8_t>(shape) - 1); }

struct VectorOp {
  llvm::IRBuilderBase& b;
  Architecture target;
  const wasm::Instruction& instruction;
  std::span<llvm::Value* const> operands;
  Shape shape;        // Of the row.
  uint32_t argument;  // Of the row: an opcode, a predicate, an intrinsic, or flags.

  bool is_x86() const { return target == Architecture::X86_64; }
  llvm::Type* lane_type(Shape of) const;
  llvm::FixedVectorType* type(Shape of) const;
  llvm::Value* cast(llvm::Value* value, Shape to) const;
  // Operand i as a vector of the shape.
  llvm::Value* at(uint32_t i, Shape as) const { return cast(operands[i], as); }
  llvm::Value* x() const { return at(0, shape); }
  llvm::Value* y() const { return at(1, shape); }
  llvm::Value* splat(Shape of, uint64_t integer) const;
  llvm::Value* splat(Shape of, double number) const;
  llvm::Value* zero(Shape of) const { return llvm::Constant::getNullValue(type(of)); }
  // The lower or upper half of the lanes.
  llvm::Value* half(llvm::Value* value, bool high) const;
  // Lanes of `x` extended to twice their width; as many as `x` has.
  llvm::Value* extend(llvm::Value* x, bool is_unsigned) const;
  // A mask of ones where the condition holds.
  llvm::Value* mask(llvm::Value* condition, Shape of) const;
  // A function of LLVM's or the processor's. Types are those that its name is made from.
  llvm::Value* call(llvm::Intrinsic::ID id, llvm::ArrayRef<llvm::Type*> types,
                    llvm::ArrayRef<llvm::Value*> arguments) const;
};

using VectorFunction = llvm::Value* (*)(const VectorOp&);

// Flags of rows.
inline constexpr uint32_t kSigned = 0;
inline constexpr uint32_t kUnsigned = 1;
inline constexpr uint32_t kLow = 0;
inline constexpr uint32_t kHigh = 2;

// simd_integer.cc
llvm::Value* vector_binary(const VectorOp&);     // argument: llvm::Instruction's opcode
llvm::Value* vector_intrinsic(const VectorOp&);  // argument: an intrinsic of one or two operands of the shape
llvm::Value* vector_compare(const VectorOp&);    // argument: llvm::CmpInst's predicate
llvm::Value* vector_shift(const VectorOp&);      // argument: opcode
llvm::Value* vector_negate(const VectorOp&);
llvm::Value* vector_abs(const VectorOp&);
llvm::Value* vector_average(const VectorOp&);
llvm::Value* vector_all_true(const VectorOp&);
llvm::Value* vector_any_true(const VectorOp&);
llvm::Value* vector_bitmask(const VectorOp&);
llvm::Value* vector_extend(const VectorOp&);    // argument: flags; shape: of the result, as in the next two
llvm::Value* vector_multiply(const VectorOp&);  // argument: flags
llvm::Value* vector_add_pairs(const VectorOp&);
llvm::Value* vector_not(const VectorOp&);
llvm::Value* vector_andnot(const VectorOp&);
llvm::Value* vector_bitselect(const VectorOp&);

// simd_lanes.cc
llvm::Value* vector_constant(const VectorOp&);
llvm::Value* vector_splat(const VectorOp&);
llvm::Value* vector_extract(const VectorOp&);  // argument: signed or unsigned
llvm::Value* vector_replace(const VectorOp&);
llvm::Value* vector_shuffle(const VectorOp&);
llvm::Value* vector_swizzle(const VectorOp&);
llvm::Value* vector_narrow(const VectorOp&);  // shape: of the result
llvm::Value* vector_q15(const VectorOp&);
llvm::Value* vector_dot(const VectorOp&);
llvm::Value* vector_dot_bytes(const VectorOp&);
llvm::Value* vector_dot_bytes_add(const VectorOp&);

// simd_float.cc
llvm::Value* vector_float_binary(const VectorOp&);  // argument: opcode
llvm::Value* vector_float_negate(const VectorOp&);
llvm::Value* vector_float_extreme(const VectorOp&);   // argument: Intrinsic::minimum or maximum
llvm::Value* vector_pseudo_extreme(const VectorOp&);  // the same
llvm::Value* vector_multiply_add(const VectorOp&);    // argument: 1: the product is negated
llvm::Value* vector_truncate(const VectorOp&);        // shape: of the operand; argument: signed or unsigned
llvm::Value* vector_convert(const VectorOp&);         // shape: of the result; argument: signed or unsigned
llvm::Value* vector_demote(const VectorOp&);
llvm::Value* vector_promote(const VectorOp&);

}  // namespace wherry::compiler
