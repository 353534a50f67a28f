// Value, function and resource types (Binary.md, "Type Definitions").
#include "component/validator.h"

namespace wherry::component {

using base::Result;
using wasm::ErrorCode;

namespace {

base::Failure invalid_type(uint64_t offset, std::string detail) {
  return base::fail(ErrorCode::InvalidDefinedType, offset, std::move(detail));
}

TypeKind kind_of(TypeForm form) {
  switch (form) {
    case TypeForm::Prim: return TypeKind::Prim;
    case TypeForm::Resource: return TypeKind::Resource;
    case TypeForm::Func:
    case TypeForm::AsyncFunc: return TypeKind::Func;
    case TypeForm::Map: return TypeKind::Map;
    case TypeForm::Future: return TypeKind::Future;
    case TypeForm::Stream: return TypeKind::Stream;
    case TypeForm::FixedList: return TypeKind::FixedList;
    case TypeForm::Borrow: return TypeKind::Borrow;
    case TypeForm::Own: return TypeKind::Own;
    case TypeForm::Result: return TypeKind::Result;
    case TypeForm::Option: return TypeKind::Option;
    case TypeForm::Enum: return TypeKind::Enum;
    case TypeForm::Flags: return TypeKind::Flags;
    case TypeForm::Tuple: return TypeKind::Tuple;
    case TypeForm::List: return TypeKind::List;
    case TypeForm::Variant: return TypeKind::Variant;
    case TypeForm::Record: return TypeKind::Record;
  }
  return TypeKind::Prim;
}

bool is_key(Prim prim) { return prim != Prim::F32 && prim != Prim::F64 && prim != Prim::ErrorContext; }

}  // namespace

Result<ValType> Validator::val_type(ValTypeRef type, uint64_t offset) {
  if (type.is_prim()) return ValType(type.prim());
  const TypeId id(WHERRY_TRY(at(Sort::Type, type.index(), offset)));
  if (is_value_kind(types()[id].kind)) return ValType(id);
  return base::fail(
      ErrorCode::NotADefinedType, offset,
      "type " + std::to_string(type.index()) + " is a " + std::string(kind_name(types()[id].kind)));
}

Result<TypeId> Validator::resource_index(uint32_t index, uint64_t offset) {
  const TypeId id(WHERRY_TRY(at(Sort::Type, index, offset)));
  if (types()[id].kind == TypeKind::Resource) return id;
  return base::fail(ErrorCode::NotAResource, offset,
                    "type " + std::to_string(index) + " is a " + std::string(kind_name(types()[id].kind)));
}

// Names are labels, and differ by more than upper and lower case.
Result<Range> Validator::fields(const TypeDef& type) {
  text::NameMap& names = field_names_;
  base::Vector<Member>& members = members_;
  names.clear();
  members.clear();
  if (!members.reserve(type.fields.size())) return out_of_memory();
  for (const Field& field : type.fields) {
    Member member;
    if (field.has_type) member.type = WHERRY_TRY(val_type(field.type, field.offset));
    if (type.form != TypeForm::Tuple) {
      if (!is_label(field.name)) {
        return base::fail(ErrorCode::InvalidName, field.offset, quoted(field.name) + " is not in kebab case");
      }
      member.name = field.name;
      if (!WHERRY_TRY(is_new(field.name, &names)))
        return base::fail(ErrorCode::NameConflict, field.offset, quoted(field.name));
    }
    if (!members.push_back(member)) return out_of_memory();
  }
  return types().add_members(members);
}

Result<void> Validator::type(const TypeDef& type, uint64_t offset) {
  TypeNode node;
  node.kind = kind_of(type.form);
  TypeId made;
  if (node.kind == TypeKind::Resource) {
    made = WHERRY_TRY(resource_type(type, &node));
  } else if (node.kind == TypeKind::Func) {
    made = WHERRY_TRY(func_type(type, &node));
  } else {
    made = WHERRY_TRY(value_type(type, &node));
  }
  (void)offset;
  return push(Sort::Type, made.value);
}

Result<TypeId> Validator::value_type(const TypeDef& type, TypeNode* node) {
  const uint64_t offset = type.offset;
  if (type.has_first) node->first = WHERRY_TRY(val_type(type.first, offset));
  if (type.has_second) node->second = WHERRY_TRY(val_type(type.second, offset));
  switch (node->kind) {
    case TypeKind::Own:
    case TypeKind::Borrow: node->first = WHERRY_TRY(resource_index(type.number, offset)); break;
    case TypeKind::FixedList:
      if (type.number == 0) return invalid_type(offset, "a list of length 0");
      node->length = type.number;
      break;
    case TypeKind::Map: {
      const ValType key = node->first.is_id() ? types()[node->first.id()].first : node->first;
      const bool is_prim = node->first.is_prim() || types()[node->first.id()].kind == TypeKind::Prim;
      if (!is_prim || !is_key(key.prim()))
        return invalid_type(offset, "the key of a map must be an integer, bool, char or string");
      break;
    }
    case TypeKind::Stream:
    case TypeKind::Future: {
      if (node->first.is_none()) break;
      if (types().has_borrow(node->first)) {
        return base::fail(ErrorCode::MisplacedBorrow, offset, "an element of a stream or future");
      }
      const ValType element = node->first.is_id() && types()[node->first.id()].kind == TypeKind::Prim
                                  ? types()[node->first.id()].first
                                  : node->first;
      if (node->kind == TypeKind::Stream && element == ValType(Prim::Char)) {
        return invalid_type(offset, "a stream of char is not allowed");
      }
      break;
    }
    default: node->members = WHERRY_TRY(fields(type)); break;
  }
  return types().add(*node, offset);
}

Result<TypeId> Validator::func_type(const TypeDef& type, TypeNode* node) {
  node->is_async = type.form == TypeForm::AsyncFunc;
  node->members = WHERRY_TRY(fields(type));
  if (type.has_first) {
    node->first = WHERRY_TRY(val_type(type.first, type.offset));
    if (types().has_borrow(node->first)) {
      return base::fail(ErrorCode::MisplacedBorrow, type.offset, "the result of a function");
    }
  }
  return types().add(*node, type.offset);
}

Result<TypeId> Validator::resource_type(const TypeDef& type, TypeNode* node) {
  if (frame().is_type()) return base::fail(ErrorCode::MisplacedResource, type.offset);
  Resource resource;
  resource.is_local = true;
  resource.owner = frame().component;
  resource.rep = type.rep;
  if (type.rep == wasm::kI64 && !has(Feature::Memory64)) {
    return feature_disabled(Feature::Memory64, "a resource represented by i64", type.offset);
  }
  if (type.rep != wasm::kI32 && type.rep != wasm::kI64) {
    return invalid_type(type.offset, "resources can only be represented by i32");
  }
  if (type.has_first) {
    resource.has_destructor = true;
    resource.destructor = type.number;
    CoreSignature signature;
    signature.param(type.rep);
    WHERRY_TRY(check_core_func(type.number, signature, "the destructor", type.offset));
  }
  node->resource = WHERRY_TRY(types().add_resource(resource));
  return types().add(*node, type.offset);
}

}  // namespace wherry::component
