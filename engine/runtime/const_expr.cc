// Constant expressions (core spec 3.4.2, 4.7.3): a stack machine over the few instructions that may stand there.
//
// Modules made by compilers have many of them (100,000 globals in a Go program, an expression a table entry in others)
// and nearly all are one constant or one function: those are read by hand, 5 ns each; the rest goes through the common
// instruction reader.
//
// Operands carry their types although the expression was validated: a module may borrow the bytes of a mapped file, and
// reading them a second time must not be worse than a clear error. Function bodies are safe in another way, since lowering
// works on a copy.
#include "engine/runtime/const_expr.h"

#include <algorithm>
#include <cstring>

#include "engine/runtime/instance.h"
#include "engine/runtime/store.h"
#include "engine/wasm/errors.h"
#include "engine/wasm/instruction.h"

namespace wherry::runtime {
namespace {

using wasm::Op;

struct Operand {
  wasm::ValType type;
  uint64_t slots[2] = {};
};

base::Failure changed(wasm::ErrorCode code, uint64_t offset) {
  return base::fail(code, offset, "in a constant expression that changed after it was validated");
}

// A function's reference type: (ref $t).
wasm::ValType type_of_func(const ModuleShape& shape, uint32_t func) {
  return wasm::ValType::ref(wasm::HeapType::concrete(shape.func_type(func).id.value), false);
}

class Evaluation {
 public:
  Evaluation(const ConstPlace& place, Instance& instance)
      : place_(place), instance_(instance), scanned_(instance.store().heap()) {}

  base::Result<void> step(const wasm::Instruction& at) {
    switch (at.op) {
      case Op::I32Const: return push({wasm::kI32, {static_cast<uint32_t>(at.value)}});
      case Op::I64Const: return push({wasm::kI64, {at.value}});
      case Op::F32Const: return push({wasm::kF32, {at.value}});
      case Op::F64Const: return push({wasm::kF64, {at.value}});
      case Op::V128Const: return push_vector(at);
      case Op::RefNull: return push_null(at);
      case Op::RefFunc: return push_func(at);
      case Op::RefI31: return convert_i31(at);
      case Op::GlobalGet: return push_global(at);
      case Op::I32Add:
      case Op::I32Sub:
      case Op::I32Mul: return binary(at, wasm::kI32, ~uint32_t{0});
      case Op::I64Add:
      case Op::I64Sub:
      case Op::I64Mul: return binary(at, wasm::kI64, ~uint64_t{0});
      case Op::StructNew:
      case Op::StructNewDefault: return make_struct(at);
      case Op::ArrayNew:
      case Op::ArrayNewDefault:
      case Op::ArrayNewFixed: return make_array(at);
      case Op::AnyConvertExtern: return convert(at, wasm::AbstractHeap::Extern, wasm::AbstractHeap::Any);
      case Op::ExternConvertAny: return convert(at, wasm::AbstractHeap::Any, wasm::AbstractHeap::Extern);
      default: return changed(wasm::ErrorCode::ConstantExpressionRequired, at.offset);
    }
  }

  base::Result<void> finish(uint64_t offset, uint64_t* slots) {
    if (size_ != 1 || !instance_.shape().registry->is_subtype(operands_[0].type, place_.type)) {
      return changed(wasm::ErrorCode::TypeMismatch, offset);
    }
    slots[0] = operands_[0].slots[0];
    if (wasm::slots_of(place_.type) == 2) slots[1] = operands_[0].slots[1];
    return {};
  }

 private:
  base::Result<void> push(const Operand& operand) {
    if (size_ == operands_.size() && !operands_.resize(size_ + 8))
      return base::fail(wasm::ErrorCode::OutOfMemory);
    operands_[size_++] = operand;
    scanned_.set(operands_.data(), size_ * sizeof(Operand));
    return {};
  }

  // An operand of this type or one below it; null if there is none.
  const Operand* pop_below(wasm::ValType type) {
    if (size_ == 0 || !instance_.shape().registry->is_subtype(operands_[size_ - 1].type, type))
      return nullptr;
    return &operands_[--size_];
  }

  // A type of the module, of a kind; null if there is none.
  const wasm::CanonType* type_at(uint32_t index, wasm::CompositeKind kind) const {
    const wasm::TypeSet& types = *instance_.shape().types;
    if (index >= types.size() || types[wasm::TypeIndex(index)].kind != kind) return nullptr;
    return &types[wasm::TypeIndex(index)];
  }

  static wasm::ValType unpacked(wasm::ValType storage) {
    const bool is_packed = storage.kind() == wasm::ValKind::I8 || storage.kind() == wasm::ValKind::I16;
    return is_packed ? wasm::kI32 : storage;
  }

  base::Result<void> push_object(const wasm::CanonType& type, abi::Ref ref) {
    if (ref == abi::kNullRef) return base::fail(wasm::ErrorCode::OutOfMemory, base::Error::kNoOffset, "heap");
    return push({wasm::ValType::ref(wasm::HeapType::concrete(type.id.value), false), {ref}});
  }

  // Writes a value as the first bytes of its slots, which is how objects hold it.
  static void write(uint8_t* to, wasm::ValType storage, const Operand& value) {
    std::memcpy(to, value.slots, size_t{1} << wasm::storage_shift(storage));
  }

  // Fills memory with what its first bytes hold.
  static void repeat(uint8_t* memory, uint64_t have_bytes, uint64_t size_bytes) {
    while (have_bytes < size_bytes) {
      const uint64_t more = std::min(have_bytes, size_bytes - have_bytes);
      std::memcpy(memory + have_bytes, memory, more);
      have_bytes += more;
    }
  }

  // The operands stay where they are seen until the object is made.
  base::Result<void> make_struct(const wasm::Instruction& at) {
    const wasm::CanonType* const type = type_at(at.index, wasm::CompositeKind::Struct);
    if (type == nullptr) return changed(wasm::ErrorCode::UnknownType, at.offset);
    const abi::Ref made = instance_.store().heap().allocate_struct(*type);
    if (made != abi::kNullRef && at.op == Op::StructNew) {
      for (size_t i = type->fields.size(); i-- > 0;) {
        const wasm::ValType storage = type->fields[i].storage;
        const Operand* const value = pop_below(unpacked(storage));
        if (value == nullptr) return changed(wasm::ErrorCode::TypeMismatch, at.offset);
        const uint32_t slot = type->field_slot(static_cast<uint32_t>(i));
        write(abi::payload_of(made) + uint64_t{slot} * 8, storage, *value);
      }
    }
    return push_object(*type, made);
  }

  base::Result<void> make_array(const wasm::Instruction& at) {
    const wasm::CanonType* const type = type_at(at.index, wasm::CompositeKind::Array);
    if (type == nullptr) return changed(wasm::ErrorCode::UnknownType, at.offset);
    const wasm::ValType storage = type->fields[0].storage;
    const bool is_fixed = at.op == Op::ArrayNewFixed;
    const Operand* const count = is_fixed ? nullptr : pop(wasm::kI32);
    if (!is_fixed && count == nullptr) return changed(wasm::ErrorCode::TypeMismatch, at.offset);
    const uint32_t length = is_fixed ? at.second : static_cast<uint32_t>(count->slots[0]);
    if (is_fixed && length > size_) return changed(wasm::ErrorCode::TypeMismatch, at.offset);
    const abi::Ref made = instance_.store().heap().allocate_array(*type, length);
    if (made == abi::kNullRef || at.op == Op::ArrayNewDefault) return push_object(*type, made);
    uint8_t* const payload = abi::payload_of(made);
    for (uint32_t i = is_fixed ? length : 1; i-- > 0;) {
      const Operand* const value = pop_below(unpacked(storage));
      if (value == nullptr) return changed(wasm::ErrorCode::TypeMismatch, at.offset);
      if (length != 0) write(payload + (uint64_t{i} << type->element_shift), storage, *value);
    }
    if (!is_fixed) repeat(payload, size_t{1} << type->element_shift, uint64_t{length} << type->element_shift);
    return push_object(*type, made);
  }

  // A reference has the same bits in both hierarchies.
  base::Result<void> convert(const wasm::Instruction& at, wasm::AbstractHeap from, wasm::AbstractHeap to) {
    const Operand* const value = pop_below(wasm::ValType::ref(from, true));
    if (value == nullptr) return changed(wasm::ErrorCode::TypeMismatch, at.offset);
    return push({wasm::ValType::ref(to, value->type.nullable()), {value->slots[0]}});
  }

  // An operand of exactly this type; null if there is none.
  const Operand* pop(wasm::ValType type) {
    if (size_ == 0 || !(operands_[size_ - 1].type == type)) return nullptr;
    return &operands_[--size_];
  }

  base::Result<void> push_vector(const wasm::Instruction& at) {
    Operand operand{wasm::kV128};
    std::memcpy(operand.slots, at.vector, sizeof operand.slots);
    return push(operand);
  }

  base::Result<void> push_null(const wasm::Instruction& at) {
    if (at.heap.is_concrete() && at.heap.index() >= instance_.shape().types->size()) {
      return changed(wasm::ErrorCode::UnknownType, at.offset);
    }
    return push({wasm::ValType::ref(instance_.shape().types->canonical(at.heap), true)});
  }

  base::Result<void> push_func(const wasm::Instruction& at) {
    if (at.index >= instance_.module().funcs.size())
      return changed(wasm::ErrorCode::UnknownFunction, at.offset);
    return push({type_of_func(instance_.shape(), at.index), {instance_.func_ref(at.index)}});
  }

  base::Result<void> push_global(const wasm::Instruction& at) {
    if (at.index >= place_.visible_globals) return changed(wasm::ErrorCode::UnknownGlobal, at.offset);
    Operand operand{instance_.shape().global_types[at.index]};
    const uint64_t* const slots = instance_.global_slots(at.index);
    operand.slots[0] = slots[0];
    if (wasm::slots_of(operand.type) == 2) operand.slots[1] = slots[1];
    return push(operand);
  }

  base::Result<void> convert_i31(const wasm::Instruction& at) {
    const Operand* const value = pop(wasm::kI32);
    if (value == nullptr) return changed(wasm::ErrorCode::TypeMismatch, at.offset);
    return push({wasm::ValType::ref(wasm::AbstractHeap::I31, false),
                 {abi::i31_of(static_cast<uint32_t>(value->slots[0]))}});
  }

  // Two's complement: the low half of 64-bit arithmetic is 32-bit arithmetic.
  base::Result<void> binary(const wasm::Instruction& at, wasm::ValType type, uint64_t mask) {
    const Operand* const right = pop(type);
    const Operand* const left = right == nullptr ? nullptr : pop(type);
    if (left == nullptr) return changed(wasm::ErrorCode::TypeMismatch, at.offset);
    const uint64_t a = left->slots[0];
    const uint64_t b = right->slots[0];
    const bool is_add = at.op == Op::I32Add || at.op == Op::I64Add;
    const bool is_sub = at.op == Op::I32Sub || at.op == Op::I64Sub;
    return push({type, {(is_add ? a + b : is_sub ? a - b : a * b) & mask}});
  }

  const ConstPlace& place_;
  Instance& instance_;
  ScannedWords scanned_;
  base::Vector<Operand> operands_;
  size_t size_ = 0;
};

// The commonest expressions: one plain instruction and `end`. False, and nothing read, for others.
bool evaluate_simple(base::ByteReader& reader, const ConstPlace& place, Instance& instance, uint64_t* slots) {
  constexpr uint8_t kEnd = 0x0b;
  const uint8_t* const begin = reader.position();
  uint64_t value = 0;
  bool fits = false;
  switch (reader.u8()) {
    case 0x41:
      value = static_cast<uint32_t>(reader.s32());
      fits = place.type == wasm::kI32;
      break;
    case 0x42:
      value = static_cast<uint64_t>(reader.s64());
      fits = place.type == wasm::kI64;
      break;
    case 0xd2: {
      const uint32_t func = reader.u32();
      fits = func < instance.module().funcs.size() && place.type == wasm::kFuncRef;
      if (fits) value = instance.func_ref(func);
      break;
    }
    default: break;
  }
  if (!fits || reader.peek() != kEnd) {
    reader.seek(begin);
    return false;
  }
  (void)reader.u8();
  slots[0] = value;
  return true;
}

}  // namespace

base::Result<void> evaluate_next(base::ByteReader& reader, const ConstPlace& place, Instance& instance,
                                 uint64_t* slots) {
  if (evaluate_simple(reader, place, instance, slots)) return {};
  Evaluation evaluation(place, instance);
  wasm::Instruction instruction;
  while (true) {
    WHERRY_TRY(wasm::read_instruction(reader, instance.module().features, &instruction));
    if (instruction.op == Op::End) return evaluation.finish(instruction.offset, slots);
    WHERRY_TRY(evaluation.step(instruction));
  }
}

base::Result<void> evaluate(const wasm::ConstExpr& expression, const ConstPlace& place, Instance& instance,
                            uint64_t* slots) {
  base::ByteReader reader(expression.bytes, expression.offset);
  return evaluate_next(reader, place, instance, slots);
}

}  // namespace wherry::runtime
