// Structures, arrays, i31 and casts (core spec 3.4.8).
//
// Conversions between any and extern cost nothing, since a reference has the same bits in both hierarchies; nor do casts
// move anything: they look at the reference where it is, and the operand stays what it was (a local, say). A structure is
// made from wherever its values are, without moving them together first; zeros and nulls are not written at all, because
// new objects are zero.
#include <bit>

#include "engine/abi/heap.h"
#include "engine/lower/lowering.h"

namespace wherry::lower {
namespace {

using wasm::Op;
using wasm::ValKind;
using wasm::ValType;

// Reading or writing a field of a structure, which has a slot of its own.
FieldKind field_kind(ValType storage, Op op) {
  switch (storage.kind()) {
    case ValKind::I8: return op == Op::StructGetU ? FieldKind::Word : FieldKind::ByteS;
    case ValKind::I16: return op == Op::StructGetU ? FieldKind::Word : FieldKind::ShortS;
    case ValKind::F32: return FieldKind::F32;
    case ValKind::F64: return FieldKind::F64;
    case ValKind::V128: return FieldKind::V128;
    default: return FieldKind::Word;
  }
}

FieldKind written_kind(ValType storage) {
  switch (storage.kind()) {
    case ValKind::I8: return FieldKind::Byte;
    case ValKind::I16: return FieldKind::Short;
    case ValKind::Ref: return FieldKind::Ref;
    default: return field_kind(storage, Op::StructSet);
  }
}

FieldKind element_kind(ValType storage, Op op) {
  switch (storage.kind()) {
    case ValKind::I8: return op == Op::ArrayGetS ? FieldKind::ByteS : FieldKind::Byte;
    case ValKind::I16: return op == Op::ArrayGetS ? FieldKind::ShortS : FieldKind::Short;
    case ValKind::I32: return FieldKind::Int;
    default: return field_kind(storage, op);
  }
}

uint64_t packed_mask(ValType storage) {
  switch (storage.kind()) {
    case ValKind::I8: return 0xff;
    case ValKind::I16: return 0xffff;
    default: return ~uint64_t{0};
  }
}

constexpr uint32_t row_of(FieldKind kind) { return static_cast<uint32_t>(kind); }

}  // namespace

// What a collection has to look at of this frame; 0, everything, where locals lie behind temporaries.
uint16_t Lowering::live_slots(const Operand* end) const {
  return is_wide_ ? 0 : static_cast<uint16_t>(slot_at(end));
}

void Lowering::put_result(Operand* operand, ValType type, uint32_t to) {
  operand->value = Value::temp(to);
  reach(to + wasm::slots_of(type));
}

CastTarget Lowering::cast_target(wasm::HeapType heap, bool nullable) const {
  CastTarget target{0, 0, CastKind::Abstract, nullable};
  if (!heap.is_concrete()) {
    target.type = static_cast<uint32_t>(heap.abstract());
    return target;
  }
  const CanonType& type = state_->module->registry->type(wasm::CanonId(heap.index()));
  target.type = abi::type_id_of(type.id);
  target.depth = type.depth;
  target.kind = type.kind == wasm::CompositeKind::Func ? CastKind::Func
                : type.is_final                        ? CastKind::Final
                                                       : CastKind::Open;
  return target;
}

void Lowering::cast(const Instruction& instruction, Operand* operand) {
  const bool nullable = instruction.op == Op::RefTestNull || instruction.op == Op::RefCastNull;
  const CastTarget target = cast_target(state_->module->types.canonical(instruction.heap), nullable);
  const uint32_t which = cast_row(target);
  const Cell word = std::bit_cast<Cell>(target);
  if (operand->value.is_const()) emitter_.materialize(&operand->value, operand->type);
  if (instruction.op == Op::RefCast || instruction.op == Op::RefCastNull) {
    return emitter_.check_reference(environment_.handlers.ref_cast[which], operand->value, word);
  }
  const uint32_t to = slot_at(operand);
  emitter_.produce(environment_.handlers.ref_test[which], instruction.op, operand->value, operand->type, 0,
                   Domain::Int, to, &word);
  put_result(operand, wasm::kI32, to);
}

void Lowering::struct_get(const Instruction& instruction, Operand* operand) {
  const CanonType& type = state_->module->types[wasm::TypeIndex(instruction.index)];
  const ValType storage = type.fields[instruction.second].storage;
  const FieldKind kind = field_kind(storage, instruction.op);
  const uint32_t to = slot_at(operand);
  const auto field = static_cast<uint16_t>(type.field_slot(instruction.second));
  if (kind == FieldKind::V128) {
    materialize(operand, 1);
    emitter_.emit(*environment_.handlers.struct_get[row_of(kind)],
                  Emitter::pack(Slots{static_cast<uint16_t>(to), 0, static_cast<uint16_t>(to), field}));
    wrote_vector(to);
  } else {
    emitter_.produce(environment_.handlers.struct_get[row_of(kind)], instruction.op, operand->value,
                     operand->type, field, domain_of(storage), to);
  }
  put_result(operand, storage, to);
}

void Lowering::wrote_vector(uint32_t slot) {
  emitter_.overwritten(slot);
  emitter_.overwritten(slot + 1);
  emitter_.seal();
}

void Lowering::struct_set(const Instruction& instruction, Operand* operands) {
  const CanonType& type = state_->module->types[wasm::TypeIndex(instruction.index)];
  const ValType storage = type.fields[instruction.second].storage;
  const FieldKind kind = written_kind(storage);
  const auto field = static_cast<uint16_t>(type.field_slot(instruction.second));
  const Handler* const block = environment_.handlers.struct_set[row_of(kind)];
  if (kind == FieldKind::V128) {
    materialize(operands, 2);
    emitter_.emit(*block, Emitter::pack(Slots{static_cast<uint16_t>(operands[0].value.slot),
                                              static_cast<uint16_t>(operands[1].value.slot), 0, field}));
    return emitter_.seal();
  }
  emitter_.put_field(block, operands[0].value, operands[0].type, operands[1].value, operands[1].type, field);
}

// Where the values of the fields are that are not zero: field slot, and frame slot in the upper half.
bool Lowering::gather_fields(const CanonType& type, Operand* operands) {
  base::Vector<uint32_t>& pairs = memory_->pairs;
  pairs.clear();
  for (uint32_t i = 0; i < type.fields.size(); ++i) {
    const ValType storage = type.fields[i].storage;
    Operand& operand = operands[i];
    const uint64_t mask = packed_mask(storage);
    if (operand.value.is_const() && storage != wasm::kV128) {
      if ((operand.value.bits &= mask) == 0) continue;
    } else if (mask != ~uint64_t{0}) {
      emitter_.binary(Op::I32And, operand.value, Value::constant(0, mask), operand.value.slot);
      operand.value = Value::temp(operand.value.slot);
    }
    if (operand.value.kind != Value::Kind::Local || storage == wasm::kV128) {
      emitter_.materialize(&operand.value, operand.type);
    }
    const uint32_t from = emitter_.slot_of(operand.value);
    const uint32_t to = type.field_slot(i);
    for (uint32_t part = 0; part < wasm::slots_of(storage); ++part) {
      if (!pairs.push_back(to + part | (from + part) << 16)) return false;
    }
  }
  return true;
}

void Lowering::struct_new(const Instruction& instruction, Operand* operands) {
  const CanonType& type = state_->module->types[wasm::TypeIndex(instruction.index)];
  const bool has_values = instruction.op == Op::StructNew;
  memory_->pairs.clear();
  if (has_values && !gather_fields(type, operands)) return emitter_.set_failed();
  const uint32_t to = slot_at(operands);
  const uint16_t live = live_slots(operands + (has_values ? type.fields.size() : 0));
  const uint32_t size_bytes = abi::kPayloadOffset + type.object_slots * 8;  // At most 20,000 slots.
  const auto pairs = static_cast<uint32_t>(memory_->pairs.size());
  Slots slots{0, static_cast<uint16_t>(pairs), static_cast<uint16_t>(to), live};
  uint64_t second = size_bytes;
  const Handler* block = &environment_.handlers.struct_new_large;
  if (size_bytes <= abi::kMaxCellBytes) {
    const uint32_t size_class = abi::size_class_of(size_bytes);
    slots.a = static_cast<uint16_t>(size_class);
    second = abi::cell_bytes_of(size_class);
    block = environment_.handlers.struct_new[pairs < kStructNewForms ? pairs : kStructNewForms - 1];
    emitter_.produce(block, instruction.op, slots, abi::type_id_of(type.id) | second << 32, memory_->pairs);
  } else {
    emitter_.emit(*block, Emitter::pack(slots));
    emitter_.word(abi::type_id_of(type.id) | second << 32);
    for (uint32_t i = 0; i < pairs; i += 2) {
      emitter_.word(memory_->pairs[i] | (i + 1 < pairs ? uint64_t{memory_->pairs[i + 1]} << 32 : 0));
    }
    emitter_.overwritten(to);
    emitter_.seal();
  }
  put_result(operands, ValType::ref(wasm::AbstractHeap::Struct, false), to);
}

void Lowering::array_get(const Instruction& instruction, Operand* operands) {
  const CanonType& type = state_->module->types[wasm::TypeIndex(instruction.index)];
  const ValType storage = type.fields[0].storage;
  const FieldKind kind = element_kind(storage, instruction.op);
  const Handler* const block = environment_.handlers.array_get[row_of(kind)];
  const uint32_t to = slot_at(operands);
  if (kind == FieldKind::V128) {
    materialize(operands, 2);
    emitter_.emit(*block, Emitter::pack(Slots{static_cast<uint16_t>(operands[0].value.slot),
                                              static_cast<uint16_t>(operands[1].value.slot),
                                              static_cast<uint16_t>(to), 0}));
    wrote_vector(to);
  } else {
    emitter_.produce(block, instruction.op, operands[0].value, operands[1].value, operands[0].type,
                     operands[1].type, domain_of(storage), to);
  }
  put_result(operands, storage, to);
}

void Lowering::array_set(const Instruction& instruction, Operand* operands) {
  const CanonType& type = state_->module->types[wasm::TypeIndex(instruction.index)];
  const ValType storage = type.fields[0].storage;
  const FieldKind kind = storage.is_ref() ? FieldKind::Ref : element_kind(storage, Op::ArraySet);
  const Handler* const block = environment_.handlers.array_set[row_of(kind)];
  if (kind == FieldKind::V128) {
    materialize(operands, 3);
    emitter_.emit(*block, Emitter::pack(Slots{static_cast<uint16_t>(operands[0].value.slot),
                                              static_cast<uint16_t>(operands[1].value.slot),
                                              static_cast<uint16_t>(operands[2].value.slot), 0}));
    return emitter_.seal();
  }
  emitter_.put_element(block, operands[0].value, operands[0].type, operands[1].value, operands[2].value,
                       operands[2].type);
}

// Operands in consecutive slots, the array over them.
void Lowering::array_new(const Instruction& instruction, Operand* operands, uint32_t params) {
  const CanonType& type = state_->module->types[wasm::TypeIndex(instruction.index)];
  materialize(operands, params);
  const uint32_t to = slot_at(operands);
  const uint16_t live = live_slots(operands + params);
  emitter_.emit(
      environment_.handlers.other[static_cast<uint32_t>(instruction.op)],
      Emitter::pack(Slots{static_cast<uint16_t>(to), type.element_shift, environment_.options.fuel, live}));
  emitter_.word(abi::type_id_of(type.id) | uint64_t{instruction.second} << 32);
  emitter_.clobbered_except_int(to);
  put_result(operands, ValType::ref(wasm::AbstractHeap::Array, false), to);
}

// On whole ranges of arrays: nothing is left of the operands.
void Lowering::array_bulk(const Instruction& instruction, Operand* operands, uint32_t params) {
  materialize(operands, params);
  const CanonType& type = state_->module->types[wasm::TypeIndex(instruction.index)];
  emitter_.emit(environment_.handlers.other[static_cast<uint32_t>(instruction.op)],
                Emitter::pack(Slots{static_cast<uint16_t>(slot_at(operands)),
                                    static_cast<uint16_t>(wasm::slots_of(type.fields[0].storage)), 0, 0}));
  emitter_.word(instruction.index | uint64_t{instruction.second} << 32);
  emitter_.seal();
}

// [a][to] without more.
void Lowering::plain_object(const Instruction& instruction, const Handler* block, Operand* operand,
                            ValType result) {
  const uint32_t to = slot_at(operand);
  Value value = operand->value;
  emitter_.produce(block, instruction.op, value, operand->type, 0, Domain::Int, to);
  put_result(operand, result, to);
}

void Lowering::special(const Instruction& instruction, Operand* operands, uint32_t params, uint32_t) {
  const HandlerTable& handlers = environment_.handlers;
  const Op op = instruction.op;
  switch (op) {
    case Op::RefEq: {
      const uint32_t to = slot_at(operands);
      emitter_.binary(Op::I64Eq, operands[0].value, operands[1].value, to);
      return put_result(operands, wasm::kI32, to);
    }
    case Op::AnyConvertExtern:
    case Op::ExternConvertAny: return;
    case Op::RefTest:
    case Op::RefTestNull:
    case Op::RefCast:
    case Op::RefCastNull: return cast(instruction, operands);
    case Op::RefI31:
      return plain_object(instruction, handlers.ref_i31, operands,
                          ValType::ref(wasm::AbstractHeap::I31, false));
    case Op::I31GetS:
    case Op::I31GetU:
      return plain_object(instruction, handlers.i31_get[op == Op::I31GetS], operands, wasm::kI32);
    case Op::ArrayLen: return plain_object(instruction, handlers.array_len, operands, wasm::kI32);
    case Op::StructNew:
    case Op::StructNewDefault: return struct_new(instruction, operands);
    case Op::StructGet:
    case Op::StructGetS:
    case Op::StructGetU: return struct_get(instruction, operands);
    case Op::StructSet: return struct_set(instruction, operands);
    case Op::ArrayNew:
    case Op::ArrayNewDefault:
    case Op::ArrayNewFixed:
    case Op::ArrayNewData:
    case Op::ArrayNewElem: return array_new(instruction, operands, params);
    case Op::ArrayGet:
    case Op::ArrayGetS:
    case Op::ArrayGetU: return array_get(instruction, operands);
    case Op::ArraySet: return array_set(instruction, operands);
    case Op::ArrayFill:
    case Op::ArrayCopy:
    case Op::ArrayInitData:
    case Op::ArrayInitElem: return array_bulk(instruction, operands, params);
    case Op::Throw:
    case Op::ThrowRef: return throw_(instruction, operands, params);
    default: return cannot_run(op);
  }
}

}  // namespace wherry::lower
