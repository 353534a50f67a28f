// The type section (core spec 5.5.4 and 5.3.6 to 5.3.10): recursion groups of sub types of composite types. A bare
// composite type is a final sub type, a bare sub type a group of one. Parameters and fields lie in the module's
// arena, at most four bytes for one byte of input. Which indices exist, and whether supertypes fit, is asked by
// TypeRegistry::add.
//
// Nearly all types are functions of a few numbers, and a compiled file is loaded in little more time than reading its types takes. So
// these are read whole, in 60 instructions instead of 600; whatever is odd about the bytes is left to the readers that say what.
#include <algorithm>
#include <cstdio>

#include "engine/decode/section.h"
#include "engine/wasm/instruction.h"
#include "engine/wasm/limits.h"

namespace wherry::decode {

namespace {

using base::Result;
using wasm::ErrorCode;
using wasm::Feature;
using wasm::SubType;

constexpr size_t kSmallestBytes = 2;  // Of a type: a structure without fields.
constexpr uint8_t kRec = 0x4e;
constexpr uint8_t kSubFinal = 0x4f;
constexpr uint8_t kSub = 0x50;
constexpr uint8_t kArray = 0x5e;
constexpr uint8_t kStruct = 0x5f;
constexpr uint8_t kFunc = 0x60;
constexpr uint8_t kI16 = 0x77;
constexpr uint8_t kI8 = 0x78;

Result<std::span<const wasm::ValType>> read_value_types(Section& section, const char* what, uint32_t limit) {
  const uint32_t count = WHERRY_TRY(read_count(section, what, 0, limit));
  if (count == 0) return std::span<const wasm::ValType>();
  wasm::ValType* const types = section.module.arena.allocate<wasm::ValType>(count);
  if (types == nullptr) return out_of_memory();
  for (uint32_t i = 0; i < count; ++i) {
    types[i] = WHERRY_TRY(wasm::read_val_type(section.reader, section.module.features));
  }
  return std::span<const wasm::ValType>(types, count);
}

Result<void> read_function(Section& section, SubType* type) {
  type->kind = wasm::CompositeKind::Func;
  type->func.params = WHERRY_TRY(read_value_types(section, "parameters", wasm::kMaxParams));
  const uint64_t offset = section.reader.offset();
  type->func.results = WHERRY_TRY(read_value_types(section, "results", wasm::kMaxResults));
  if (type->func.results.size() > 1 && !section.has(Feature::MultiValue)) {
    return feature_disabled(Feature::MultiValue, "several results", offset);
  }
  return {};
}

Result<wasm::FieldType> read_field(Section& section) {
  wasm::FieldType field;
  const uint8_t code = section.reader.peek();
  if (code == kI8 || code == kI16) {
    section.reader.u8();
    field.storage = static_cast<wasm::ValKind>(code);
  } else {
    field.storage = WHERRY_TRY(wasm::read_val_type(section.reader, section.module.features));
  }
  field.is_mutable = WHERRY_TRY(read_mutability(section));
  return field;
}

Result<void> read_fields(Section& section, uint32_t count, SubType* type) {
  if (count == 0) return {};
  wasm::FieldType* const fields = section.module.arena.allocate<wasm::FieldType>(count);
  if (fields == nullptr) return out_of_memory();
  for (uint32_t i = 0; i < count; ++i) fields[i] = WHERRY_TRY(read_field(section));
  type->fields = {fields, count};
  return {};
}

Result<void> read_composite(Section& section, SubType* type) {
  const uint64_t offset = section.reader.offset();
  const uint8_t form = WHERRY_TRY(read_byte(section));
  if (form == kFunc) return read_function(section, type);
  if (form != kStruct && form != kArray) {
    return unexpected_byte(ErrorCode::MalformedTypeForm, offset, form, "a function, structure or array type");
  }
  if (!section.has(Feature::Gc)) return feature_disabled(Feature::Gc, "a structure or array type", offset);
  if (form == kArray) {
    type->kind = wasm::CompositeKind::Array;
    return read_fields(section, 1, type);
  }
  type->kind = wasm::CompositeKind::Struct;
  const uint32_t count = WHERRY_TRY(read_count(section, "fields", 0, wasm::kMaxStructFields));
  return read_fields(section, count, type);
}

Result<void> read_sub_type(Section& section) {
  SubType type;
  type.offset = static_cast<uint32_t>(section.reader.offset());  // Modules are smaller than 4 GiB.
  const uint8_t form = section.reader.peek();
  if (form == kSub || form == kSubFinal) {
    if (!section.has(Feature::Gc)) return feature_disabled(Feature::Gc, "a declared supertype", type.offset);
    section.reader.u8();
    type.is_final = form == kSubFinal;
    const uint64_t offset = section.reader.offset();
    const uint32_t supers = section.reader.u32();
    if (supers > 1) {
      char detail[64];
      std::snprintf(detail, sizeof detail, "found %u supertypes, expected at most 1", supers);
      return base::fail(ErrorCode::SubTypeMismatch, offset, detail);
    }
    if (supers == 1) {
      type.super = section.reader.u32();
      if (!section.reader.ok()) return wasm::reader_failure(section.reader);
      if (type.super >= wasm::kMaxTypes) {
        char detail[32];
        std::snprintf(detail, sizeof detail, "%u", type.super);
        return base::fail(ErrorCode::UnknownType, offset, detail);
      }
    }
  }
  WHERRY_TRY(read_composite(section, &type));
  if (!section.module.types.push_back(type)) return out_of_memory();
  return {};
}

constexpr size_t kMostPlainParams = 16;

constexpr bool is_number(uint8_t code) {
  return static_cast<uint8_t>(code - static_cast<uint8_t>(wasm::ValKind::F64)) <= 3;  // F64, F32, I64, I32.
}

// Reads a function type of a few numbers and one result at most, if one is there. False: nothing was taken.
bool read_plain_function(Section& section, SubType* type) {
  const base::ByteSpan bytes(section.reader.position(), section.reader.remaining());
  if (bytes.size() < 3 || bytes[0] != kFunc || bytes[1] > kMostPlainParams) return false;
  const size_t params = bytes[1];
  if (bytes.size() < params + 3 || bytes[params + 2] > 1) return false;
  const size_t results = bytes[params + 2];
  if (bytes.size() < params + results + 3) return false;
  const uint8_t result = bytes[params + results + 2];  // Without a result the count itself.
  bool is_plain = results == 0 || is_number(result);
  for (size_t i = 0; i < params; ++i) is_plain = is_plain & is_number(bytes[2 + i]);
  if (!is_plain) return false;
  const size_t values = params + results;
  type->offset = static_cast<uint32_t>(section.reader.offset());  // Modules are smaller than 4 GiB.
  if (values != 0) {
    auto* const types = static_cast<wasm::ValType*>(
        section.module.arena.allocate_bytes(values * sizeof(wasm::ValType), alignof(wasm::ValType)));
    if (types == nullptr) return false;
    for (size_t i = 0; i < params; ++i) new (types + i) wasm::ValType(wasm::ValKind{bytes[2 + i]});
    if (results != 0) new (types + params) wasm::ValType(wasm::ValKind{result});
    type->func = {{types, params}, {types + params, results}};
  }
  section.reader.seek(bytes.data() + values + 3);
  return true;
}

}  // namespace

Result<wasm::RecGroup> read_rec_group(Section& section) {
  wasm::Module& module = section.module;
  wasm::RecGroup group;
  group.first = static_cast<uint32_t>(module.types.size());
  const uint64_t offset = section.reader.offset();
  if (section.reader.peek() == kRec) {
    if (!section.has(Feature::Gc)) return feature_disabled(Feature::Gc, "a recursion group", offset);
    section.reader.u8();
    group.count = WHERRY_TRY(read_count(section, "types", group.first, wasm::kMaxTypes));
  } else if (group.first == wasm::kMaxTypes) {
    return base::fail(ErrorCode::TooManyItems, offset, "found more than 1000000 types");
  }
  const size_t likely = std::min<size_t>(group.count, section.reader.remaining() / kSmallestBytes + 1);
  if (likely > module.types.size() && !module.types.reserve(group.first + likely)) return out_of_memory();
  for (uint32_t t = 0; t < group.count; ++t) WHERRY_TRY(read_sub_type(section));
  return group;
}

Result<void> decode_types(Section& section) {
  wasm::Module& module = section.module;
  const uint32_t groups = WHERRY_TRY(read_count(section, "types", 0, wasm::kMaxTypes));
  const size_t likely_groups = std::min<size_t>(groups, section.reader.remaining() / kSmallestBytes + 1);
  if (!module.rec_groups.reserve(likely_groups) || !module.types.reserve(likely_groups))
    return out_of_memory();
  for (uint32_t i = 0; i < groups; ++i) {
    SubType plain;
    if (module.types.size() < wasm::kMaxTypes && read_plain_function(section, &plain)) [[likely]] {
      const wasm::RecGroup group{static_cast<uint32_t>(module.types.size()), 1};
      if (!module.types.push_back(plain) || !module.rec_groups.push_back(group)) return out_of_memory();
      continue;
    }
    const wasm::RecGroup group = WHERRY_TRY(read_rec_group(section));
    if (!module.rec_groups.push_back(group)) return out_of_memory();
  }
  return {};
}

}  // namespace wherry::decode
