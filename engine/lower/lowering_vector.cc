// Instructions of v128 by their shape (vector_code.h), and constants: those that cost nothing to know now become
// constants of the slot code (v128.const, a splat of one).
#include <cstring>

#include "engine/lower/lowering.h"

namespace wherry::lower {
namespace {

using wasm::Op;

VectorBits bits_of(const uint8_t (&bytes)[16]) {
  VectorBits bits;
  std::memcpy(&bits.low, bytes, 8);
  std::memcpy(&bits.high, bytes + 8, 8);
  return bits;
}

// The value in every lane.
VectorBits splat_bits(Op op, uint64_t value) {
  switch (op) {
    case Op::I8x16Splat: value = (value & 0xff) * 0x0101010101010101; break;
    case Op::I16x8Splat: value = (value & 0xffff) * 0x0001000100010001; break;
    case Op::I32x4Splat:
    case Op::F32x4Splat: value = (value & 0xffffffff) * 0x0000000100000001; break;
    default: break;
  }
  return {value, value};
}

}  // namespace

void Lowering::vector(const Instruction& instruction, Operand* operands) {
  const Op op = instruction.op;
  if (op == Op::V128Const)
    return put_constant(operands, emitter_.vector_constant(bits_of(instruction.vector)));
  const uint32_t to = slot_at(operands);
  const Value a = operands[0].value;
  switch (vector_family_of(op).shape) {
    case VectorShape::Binary: emitter_.vector_binary(op, a, operands[1].value, to); break;
    case VectorShape::Unary: emitter_.vector_unary(op, a, to); break;
    case VectorShape::Ternary:
      emitter_.vector_ternary(op, a, operands[1].value, operands[2].value, to);
      break;
    case VectorShape::Shift: emitter_.vector_shift(op, a, operands[1].value, to); break;
    case VectorShape::Test: emitter_.vector_test(op, a, to); break;
    case VectorShape::Extract: emitter_.vector_extract(op, a, instruction.lane, to); break;
    case VectorShape::Replace: emitter_.vector_replace(op, a, operands[1].value, instruction.lane, to); break;
    case VectorShape::Shuffle:
      emitter_.vector_shuffle(a, operands[1].value, bits_of(instruction.vector), to);
      break;
    case VectorShape::Splat:
      if (a.is_const()) return put_constant(operands, emitter_.vector_constant(splat_bits(op, a.bits)));
      emitter_.vector_splat(op, a, to);
      break;
    default: return cannot_run(op);
  }
  put_temp(operands);
  if (environment_.options.nan_canonicalization) [[unlikely]]
    canonicalize_nan(op, to);
}

void Lowering::vector_access(const Instruction& instruction, Operand* operands) {
  const Op op = instruction.op;
  const auto offset = static_cast<uint32_t>(instruction.value);
  const Value address = operands[0].value;
  const uint32_t to = slot_at(operands);
  switch (vector_family_of(op).shape) {
    case VectorShape::Load: emitter_.vector_load(op, address, offset, to); break;
    case VectorShape::LoadLane:
      emitter_.vector_load_lane(op, address, operands[1].value, offset, instruction.lane, to);
      break;
    case VectorShape::StoreLane:
      return emitter_.vector_store_lane(op, address, operands[1].value, offset, instruction.lane);
    default: return emitter_.vector_store(address, operands[1].value, offset);
  }
  put_temp(operands);
}

// All in slots, always checked: HandlerTable::load_any.
void Lowering::vector_access_any(const Instruction& instruction, Operand* operands) {
  const VectorAny& any = *environment_.handlers.vector.any;
  const VectorFamily family = vector_family_of(instruction.op);
  const bool is_load = family.shape == VectorShape::Load || family.shape == VectorShape::LoadLane;
  const Handler* handlers = any.store;
  if (family.shape == VectorShape::Load) handlers = any.load;
  if (family.shape == VectorShape::LoadLane) handlers = any.load_lane;
  if (family.shape == VectorShape::StoreLane) handlers = any.store_lane;
  const uint32_t count = family.shape == VectorShape::Load ? 1 : 2;
  materialize(operands, count);
  const uint32_t to = slot_at(operands);
  const uint32_t value = count == 2 ? operands[1].value.slot : 0;
  emitter_.emit(handlers[family.index], Emitter::pack(Slots{static_cast<uint16_t>(operands[0].value.slot),
                                                            static_cast<uint16_t>(value),
                                                            static_cast<uint16_t>(to), instruction.lane}));
  emitter_.word(instruction.value);
  emitter_.word(environment_.layout.memories + instruction.memory * 8);
  emitter_.forget();
  if (is_load) put_temp(operands);
}

}  // namespace wherry::lower
