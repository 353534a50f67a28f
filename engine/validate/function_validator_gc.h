#pragma once

#include "engine/validate/function_validator_core.h"

// References, aggregates, casts and exceptions (core spec 3.4.2, 3.4.3, 3.4.8).
namespace wherry::validate {

// The type of a field as an operand: packed ones are i32.
constexpr wasm::ValType unpacked(wasm::ValType storage) {
  const wasm::ValKind kind = storage.kind();
  return kind == wasm::ValKind::I8 || kind == wasm::ValKind::I16 ? wasm::kI32 : storage;
}
constexpr bool is_packed(wasm::ValType storage) { return unpacked(storage) != storage; }

// The type of references to a defined type.
constexpr wasm::ValType reference_to(const wasm::CanonType& type, bool nullable) {
  return wasm::ValType::ref(wasm::HeapType::concrete(type.id.value), nullable);
}

// Any reference will do. Bottom becomes kAnyReference.
template <class Sink>
bool FunctionValidator<Sink>::reference_operand(OperandT* operand) {
  if (operand->type.kind() == ValKind::Bottom) operand->type = kAnyReference;
  return operand->type.is_ref() || fail_expected(operand->type, "a reference");
}

template <class Sink>
bool FunctionValidator<Sink>::special(Types params, std::initializer_list<ValType> results) {
  if (!check(params)) return false;
  const uint32_t inputs = static_cast<uint32_t>(params.size());
  const uint32_t outputs = static_cast<uint32_t>(results.size());
  if (!reserve(uint64_t{state_.operand_count} + outputs)) return false;
  if (live_) sink_.special(inst_, last(inputs), inputs, outputs);
  set_types(last(inputs), Types(results.begin(), results.size()));
  state_.operand_count = state_.operand_count - inputs + outputs;
  return true;
}

template <class Sink>
bool FunctionValidator<Sink>::ref_null() {
  HeapType heap = inst_.heap;
  if (!resolve(&heap) || !reserve(uint64_t{state_.operand_count} + 1)) return false;
  if (live_) sink_.ref_null(heap, state_.operands + state_.operand_count);
  return push(ValType::ref(heap, true));
}

template <class Sink>
bool FunctionValidator<Sink>::ref_is_null() {
  if (!need(1) || !reference_operand(last(1))) return false;
  if (live_) sink_.ref_is_null(last(1));
  last(1)->type = wasm::kI32;
  return true;
}

// Inside constant expressions every function may be named: it is the naming there that declares it.
template <class Sink>
bool FunctionValidator<Sink>::ref_func() {
  const bool in_body = state_.controls[0].func != nullptr;
  if (!check_func_reference(inst_.index, in_body)) return false;
  if (!reserve(uint64_t{state_.operand_count} + 1)) return false;
  if (live_) sink_.ref_func(inst_.index, state_.operands + state_.operand_count);
  return push(reference_to(typed_.func_type(wasm::FuncIndex(inst_.index)), false));
}

template <class Sink>
bool FunctionValidator<Sink>::ref_as_non_null() {
  if (!need(1) || !reference_operand(last(1))) return false;
  if (live_) sink_.ref_as_non_null(last(1));
  last(1)->type = last(1)->type.as_non_null();
  return true;
}

// any.convert_extern and extern.convert_any keep whether the reference may be null.
template <class Sink>
bool FunctionValidator<Sink>::convert_reference(wasm::AbstractHeap from, wasm::AbstractHeap to) {
  if (!need(1) || !match(last(1)->type, ValType::ref(from, true))) return false;
  const bool nullable = last(1)->type.is_ref() && last(1)->type.nullable();
  if (live_) sink_.special(inst_, last(1), 1, 1);
  last(1)->type = ValType::ref(to, nullable);
  return true;
}

template <class Sink>
bool FunctionValidator<Sink>::cast(bool is_test, bool nullable) {
  HeapType heap = inst_.heap;
  if (!resolve(&heap)) return false;
  return special({ValType::ref(top_of(heap), true)}, {is_test ? wasm::kI32 : ValType::ref(heap, nullable)});
}

template <class Sink>
bool FunctionValidator<Sink>::throw_() {
  if (!check_tag(inst_.index)) return false;
  if (!special(Types(typed_.tag_type(wasm::TagIndex(inst_.index)).func.params), {})) return false;
  set_unreachable();
  return true;
}

// A new structure or array from `count` operands, of which there may be ten thousand: those that unreachable code
// lacks are not made up first, or five bytes of it would cost as much.
template <class Sink>
template <class TypeOf>
bool FunctionValidator<Sink>::aggregate(const CanonType& type, uint32_t count, TypeOf type_of) {
  const uint32_t present = std::min(count, state_.operand_count - floor_);
  if (present < count && !top().unreachable) return fail_operands(count, present);
  if (!reserve(uint64_t{state_.operand_count} + 1)) return false;
  OperandT* const operands = last(present);
  for (uint32_t i = 0; i < present; ++i) {
    if (!match(operands[i].type, type_of(count - present + i))) return false;
  }
  if (live_) sink_.special(inst_, operands, count, 1);
  operands->type = reference_to(type, false);
  state_.operand_count = state_.operand_count - present + 1;
  return true;
}

template <class Sink>
bool FunctionValidator<Sink>::struct_new() {
  const CanonType* type = struct_type_at(inst_.index);
  if (type == nullptr) return false;
  const ValType result = reference_to(*type, false);
  const uint32_t count = static_cast<uint32_t>(type->fields.size());
  if (inst_.op == Op::StructNewDefault) {
    for (const wasm::FieldType& field : type->fields) {
      if (!field.storage.is_defaultable())
        return fail(ErrorCode::NotDefaultable, "found " + text_of(field.storage));
    }
    return special({}, {result});
  }
  return aggregate(*type, count, [type](uint32_t i) { return unpacked(type->fields[i].storage); });
}

template <class Sink>
bool FunctionValidator<Sink>::struct_access() {
  const CanonType* type = struct_type_at(inst_.index);
  if (type == nullptr) return false;
  if (inst_.second >= type->fields.size()) {
    return fail_index(ErrorCode::UnknownField, inst_.second, type->fields.size());
  }
  const wasm::FieldType& field = type->fields[inst_.second];
  const ValType reference = reference_to(*type, true);
  const ValType value = unpacked(field.storage);
  switch (inst_.op) {
    case Op::StructSet:
      if (!field.is_mutable) return fail(ErrorCode::ImmutableField, "field " + std::to_string(inst_.second));
      return special({reference, value}, {});
    case Op::StructGet:
      if (is_packed(field.storage)) return fail(ErrorCode::PackedField, "found " + text_of(field.storage));
      return special({reference}, {value});
    default:
      if (!is_packed(field.storage)) return fail(ErrorCode::UnpackedField, "found " + text_of(field.storage));
      return special({reference}, {value});
  }
}

template <class Sink>
bool FunctionValidator<Sink>::array_new() {
  const CanonType* type = array_type_at(inst_.index);
  if (type == nullptr) return false;
  const ValType storage = type->fields[0].storage;
  const ValType result = reference_to(*type, false);
  if (inst_.op == Op::ArrayNew) return special({unpacked(storage), wasm::kI32}, {result});
  if (!storage.is_defaultable()) return fail(ErrorCode::NotDefaultable, "found " + text_of(storage));
  return special({wasm::kI32}, {result});
}

template <class Sink>
bool FunctionValidator<Sink>::array_new_fixed() {
  const CanonType* type = array_type_at(inst_.index);
  if (type == nullptr) return false;
  const ValType value = unpacked(type->fields[0].storage);
  const uint32_t count = inst_.second;
  return aggregate(*type, count, [value](uint32_t) { return value; });
}

// What array.new_data, array.init_data and their element twins ask of array and segment.
template <class Sink>
bool FunctionValidator<Sink>::check_array_segment(const CanonType& type, bool is_data) {
  const ValType storage = type.fields[0].storage;
  if (!is_data) return check_element(inst_.second) && match(typed_.element_types[inst_.second], storage);
  if (!check_data(inst_.second)) return false;
  return !storage.is_ref() ||
         fail(ErrorCode::TypeMismatch,
              "expected an array of numbers or vectors, found one of " + text_of(storage));
}

template <class Sink>
bool FunctionValidator<Sink>::array_new_segment() {
  const CanonType* type = array_type_at(inst_.index);
  if (type == nullptr || !check_array_segment(*type, inst_.op == Op::ArrayNewData)) return false;
  return special({wasm::kI32, wasm::kI32}, {reference_to(*type, false)});
}

template <class Sink>
bool FunctionValidator<Sink>::array_access() {
  const CanonType* type = array_type_at(inst_.index);
  if (type == nullptr) return false;
  const wasm::FieldType& element = type->fields[0];
  const ValType reference = reference_to(*type, true);
  const ValType value = unpacked(element.storage);
  switch (inst_.op) {
    case Op::ArraySet:
      if (!element.is_mutable) return fail(ErrorCode::ImmutableField, "the array's elements");
      return special({reference, wasm::kI32, value}, {});
    case Op::ArrayGet:
      if (is_packed(element.storage))
        return fail(ErrorCode::PackedField, "found " + text_of(element.storage));
      return special({reference, wasm::kI32}, {value});
    default:
      if (!is_packed(element.storage))
        return fail(ErrorCode::UnpackedField, "found " + text_of(element.storage));
      return special({reference, wasm::kI32}, {value});
  }
}

template <class Sink>
bool FunctionValidator<Sink>::array_bulk() {
  const CanonType* type = array_type_at(inst_.index);
  if (type == nullptr) return false;
  const wasm::FieldType& element = type->fields[0];
  if (!element.is_mutable) return fail(ErrorCode::ImmutableField, "the array's elements");
  const ValType reference = reference_to(*type, true);
  if (inst_.op == Op::ArrayFill) {
    return special({reference, wasm::kI32, unpacked(element.storage), wasm::kI32}, {});
  }
  if (inst_.op == Op::ArrayCopy) {
    const CanonType* source = array_type_at(inst_.second);
    if (source == nullptr || !match(source->fields[0].storage, element.storage)) return false;
    return special({reference, wasm::kI32, reference_to(*source, true), wasm::kI32, wasm::kI32}, {});
  }
  return check_array_segment(*type, inst_.op == Op::ArrayInitData) &&
         special({reference, wasm::kI32, wasm::kI32, wasm::kI32}, {});
}

}  // namespace wherry::validate
