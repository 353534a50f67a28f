#pragma once

#include <cstdint>
#include <span>

#include "compiler/options.h"
#include "engine/wasm/instruction.h"

namespace llvm {
class IRBuilderBase;
class Type;
class Value;
}  // namespace llvm

// Vector instructions (core spec 4.3.5) as LLVM IR. A v128 is <2 x i64> wherever it leaves an instruction; the casts to
// other shapes cost nothing in machine code. Free functions: they need the place where IR goes, and no more.
namespace wherry::compiler {

// Whether emit_vector_op makes it: every instruction on vectors but for accesses to memory.
bool is_vector_op(wasm::Op op);

// What an instruction gives for its operands: v128 as <2 x i64>, scalars as i32, i64, float, double. `instruction.op` is
// one of is_vector_op. Never traps, and makes no new blocks. Results are those of the interpreter bit for bit, but for
// the payloads and signs of NaNs that arithmetic makes. The architecture says whose intrinsics may stand for what LLVM does
// not find by itself in general IR.
llvm::Value* emit_vector_op(llvm::IRBuilderBase& builder, Architecture target,
                            const wasm::Instruction& instruction, std::span<llvm::Value* const> operands);

// Whether it is a load or a store of vectors: plain, extending, splatting, zeroing, or of one lane.
bool is_vector_load(wasm::Op op);
bool is_vector_store(wasm::Op op);

// What such an access moves between memory and registers. The caller makes the access, unaligned and checked.
llvm::Type* vector_access_type(llvm::IRBuilderBase& builder, wasm::Op op);

// The result of a load whose access gave `loaded`. `vector`: the second operand of a load of one lane, else not read.
llvm::Value* vector_from_memory(llvm::IRBuilderBase& builder, const wasm::Instruction& instruction,
                                llvm::Value* loaded, llvm::Value* vector);

// What a store of `vector` writes.
llvm::Value* vector_to_memory(llvm::IRBuilderBase& builder, const wasm::Instruction& instruction,
                              llvm::Value* vector);

}  // namespace wherry::compiler
