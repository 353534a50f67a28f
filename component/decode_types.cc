// Types (Binary.md, "Type Definitions"): value, function and resource types whole, component, instance and module types
// up to their declarations, core types by the decoder of modules.
//
// The code 0x50 begins a core module type; a core type that begins with it too (a subtype that is not final) has a zero in
// front.
#include "component/decoder.h"
#include "component/limits.h"
#include "engine/wasm/instruction.h"
#include "engine/wasm/limits.h"

namespace wherry::component {

using base::Result;
using wasm::ErrorCode;

namespace {

constexpr uint8_t kModuleType = 0x50;
constexpr uint8_t kComponentType = 0x41;
constexpr uint8_t kInstanceType = 0x42;

bool is_prim(uint8_t code) {
  return (code >= static_cast<uint8_t>(Prim::String) && code <= static_cast<uint8_t>(Prim::Bool)) ||
         code == static_cast<uint8_t>(Prim::ErrorContext);
}

}  // namespace

Result<ValTypeRef> ItemReader::read_val_type() {
  const uint64_t at = offset();
  const uint8_t code = section.reader.peek();
  if ((code & 0xc0) == 0x40) {
    section.reader.u8();
    if (!is_prim(code)) return malformed(ErrorCode::MalformedDefinedType, at, code, "a value type");
    const Prim prim = static_cast<Prim>(code);
    if (prim == Prim::ErrorContext && !has(Feature::ErrorContext)) {
      return feature_disabled(Feature::ErrorContext, "error-context", at);
    }
    return ValTypeRef::of(prim);
  }
  const int64_t index = section.reader.s33();
  if (!section.reader.ok()) return wasm::reader_failure(section.reader);
  if (index < 0) return base::fail(ErrorCode::MalformedDefinedType, at, "found a negative type index");
  // Larger ones are as unknown as this.
  const auto largest = int64_t{ValTypeRef::kPrim - 1};
  return ValTypeRef::of_index(static_cast<uint32_t>(index > largest ? largest : index));
}

Result<void> ItemReader::read_optional(bool* has_type, ValTypeRef* type) {
  *has_type = WHERRY_TRY(flag("0x00 or 0x01"));
  if (*has_type) *type = WHERRY_TRY(read_val_type());
  return {};
}

Result<void> ItemReader::read_fields(TypeDef* type, uint32_t limit, bool has_names, bool has_types) {
  const uint32_t fields = WHERRY_TRY(count("fields", limit));
  auto* const list = out.arena.allocate<Field>(fields);
  if (list == nullptr) return decode::out_of_memory();
  for (uint32_t i = 0; i < fields; ++i) {
    Field& field = list[i];
    field.offset = static_cast<uint32_t>(offset());
    if (has_names) field.name = WHERRY_TRY(decode::read_name(section));
    field.has_type = has_types;
    if (type->form == TypeForm::Variant) {
      WHERRY_TRY(read_optional(&field.has_type, &field.type));
      const uint64_t at = offset();
      if (const uint8_t zero = WHERRY_TRY(byte()); zero != 0) {
        return malformed(ErrorCode::MalformedDefinedType, at, zero, "0x00");
      }
    } else if (has_types) {
      field.type = WHERRY_TRY(read_val_type());
    }
  }
  type->fields = {list, fields};
  return {};
}

Result<void> ItemReader::read_defined_type(uint8_t code, TypeDef* type) {
  type->form = static_cast<TypeForm>(code);
  switch (type->form) {
    case TypeForm::Record: WHERRY_TRY(read_fields(type, kMaxFields, true, true)); break;
    case TypeForm::Variant: WHERRY_TRY(read_fields(type, kMaxFields, true, false)); break;
    case TypeForm::Tuple: WHERRY_TRY(read_fields(type, kMaxFields, false, true)); break;
    case TypeForm::Flags:
    case TypeForm::Enum: WHERRY_TRY(read_fields(type, kMaxFields, true, false)); break;
    case TypeForm::FixedList:
      if (!has(Feature::FixedLengthLists)) {
        return feature_disabled(Feature::FixedLengthLists, "a list of a fixed length", type->offset);
      }
      [[fallthrough]];
    case TypeForm::List:
    case TypeForm::Option:
      type->has_first = true;
      type->first = WHERRY_TRY(read_val_type());
      if (type->form == TypeForm::FixedList) type->number = WHERRY_TRY(u32());
      return {};
    case TypeForm::Result:
      WHERRY_TRY(read_optional(&type->has_first, &type->first));
      return read_optional(&type->has_second, &type->second);
    case TypeForm::Own:
    case TypeForm::Borrow: type->number = WHERRY_TRY(u32()); return {};
    case TypeForm::Stream:
    case TypeForm::Future:
      if (!has(Feature::Async)) return feature_disabled(Feature::Async, "a stream or future", type->offset);
      return read_optional(&type->has_first, &type->first);
    case TypeForm::Map:
      if (!has(Feature::Map)) return feature_disabled(Feature::Map, "a map", type->offset);
      type->has_first = type->has_second = true;
      type->first = WHERRY_TRY(read_val_type());
      type->second = WHERRY_TRY(read_val_type());
      return {};
    default: return malformed(ErrorCode::MalformedDefinedType, type->offset, code, "a type");
  }
  if (type->fields.empty()) {
    return base::fail(ErrorCode::InvalidDefinedType, type->offset, "found a type without parts");
  }
  if (type->form == TypeForm::Flags && type->fields.size() > kMaxFlags) {
    return base::fail(ErrorCode::InvalidDefinedType, type->offset,
                      "found " + std::to_string(type->fields.size()) + " flags, expected at most 32");
  }
  return {};
}

Result<void> ItemReader::read_func_type(TypeDef* type) {
  if (type->form == TypeForm::AsyncFunc && !has(Feature::Async)) {
    return feature_disabled(Feature::Async, "an asynchronous function", type->offset);
  }
  WHERRY_TRY(read_fields(type, kMaxParams, true, true));
  return read_result(&type->has_first, &type->first);
}

Result<void> ItemReader::read_resource_type(TypeDef* type) {
  type->form = TypeForm::Resource;
  type->rep = WHERRY_TRY(wasm::read_val_type(section.reader, out.features.core));
  type->has_first = WHERRY_TRY(flag("0x00 or 0x01"));
  if (type->has_first) type->number = WHERRY_TRY(u32());
  return {};
}

Result<ItemReader::Opened> ItemReader::read_type() {
  TypeDef type;
  type.offset = static_cast<uint32_t>(offset());
  const uint8_t code = WHERRY_TRY(byte());
  if (code == kComponentType || code == kInstanceType) {
    Opened opened;
    opened.is_open = true;
    opened.kind = code == kComponentType ? DefKind::ComponentType : DefKind::InstanceType;
    opened.count = WHERRY_TRY(count("declarations", kMaxItems));
    return opened;
  }
  if (is_prim(code)) {
    type.has_first = true;
    type.first = ValTypeRef::of(static_cast<Prim>(code));
    if (type.first.prim() == Prim::ErrorContext && !has(Feature::ErrorContext)) {
      return feature_disabled(Feature::ErrorContext, "error-context", type.offset);
    }
  } else if (code == static_cast<uint8_t>(TypeForm::Resource)) {
    WHERRY_TRY(read_resource_type(&type));
  } else if (code == static_cast<uint8_t>(TypeForm::Func) ||
             code == static_cast<uint8_t>(TypeForm::AsyncFunc)) {
    type.form = static_cast<TypeForm>(code);
    WHERRY_TRY(read_func_type(&type));
  } else {
    WHERRY_TRY(read_defined_type(code, &type));
  }
  WHERRY_TRY(add(DefKind::Type, out.types, type, type.offset));
  return Opened{};
}

// ---- core types

Result<ItemReader::Opened> ItemReader::read_core_type() {
  const uint64_t at = offset();
  const uint8_t code = section.reader.peek();
  if (code == kModuleType) {
    section.reader.u8();
    Opened opened;
    opened.is_open = true;
    opened.kind = DefKind::CoreModuleType;
    opened.count = WHERRY_TRY(count("declarations", kMaxItems));
    return opened;
  }
  if (code == 0x00 && !section.reader.at_end()) {
    section.reader.u8();
    if (const uint8_t sub = section.reader.peek(); sub != kModuleType) {
      return malformed(ErrorCode::MalformedTypeForm, at + 1, sub, "0x50");
    }
  }
  const wasm::RecGroup group = WHERRY_TRY(decode::read_rec_group(section));
  if (!section.reader.ok()) return wasm::reader_failure(section.reader);
  WHERRY_TRY(add(DefKind::CoreType, out.core_types, group, at));
  return Opened{};
}

Result<CoreExternType> ItemReader::read_core_extern_type() {
  CoreExternType type;
  const uint64_t at = offset();
  const uint8_t kind = WHERRY_TRY(byte());
  type.kind = static_cast<wasm::ExternKind>(kind);
  switch (kind) {
    case 0x00: type.type = wasm::TypeIndex(WHERRY_TRY(u32())); return type;
    case 0x01: type.table = WHERRY_TRY(decode::read_table_type(section)); return type;
    case 0x02: type.memory = WHERRY_TRY(decode::read_memory_type(section)); return type;
    case 0x03: type.global = WHERRY_TRY(decode::read_global_type(section)); return type;
    case 0x04: type.type = WHERRY_TRY(decode::read_tag(section)).type; return type;
    default: return malformed(ErrorCode::MalformedImportKind, at, kind, "less than 0x05");
  }
}

Result<void> ItemReader::read_core_import() {
  const uint64_t at = offset();
  CoreImport import;
  import.module = WHERRY_TRY(decode::read_name(section));
  import.name = WHERRY_TRY(decode::read_name(section));
  import.type = WHERRY_TRY(read_core_extern_type());
  return add(DefKind::CoreImport, out.core_imports, import, at);
}

Result<void> ItemReader::read_core_export() {
  const uint64_t at = offset();
  CoreExport exported;
  exported.name = WHERRY_TRY(decode::read_name(section));
  exported.type = WHERRY_TRY(read_core_extern_type());
  return add(DefKind::CoreExport, out.core_exports, exported, at);
}

}  // namespace wherry::component
