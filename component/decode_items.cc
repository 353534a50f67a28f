// Items of sections: instances, aliases, canonical definitions, imports and exports, start functions, values. Arrays lie
// in the component's arena, in proportion to the bytes that they are read from (a count is never larger than what is
// left of the section).
#include "component/decoder.h"
#include "component/limits.h"
#include "engine/base/utf8.h"
#include "engine/wasm/instruction.h"
#include "engine/wasm/limits.h"

namespace wherry::component {

using base::Result;
using wasm::ErrorCode;

base::Failure malformed(ErrorCode code, uint64_t offset, uint32_t found, const char* expected) {
  return decode::unexpected_byte(code, offset, found, expected);
}

Result<void> ItemReader::add(DefKind kind, size_t index, uint64_t offset) {
  const Def def{kind, static_cast<uint32_t>(index), 0, static_cast<uint32_t>(offset)};
  if (!out.defs.push_back(def)) return decode::out_of_memory();
  return {};
}

Result<uint32_t> ItemReader::u32() {
  const uint32_t value = section.reader.u32();
  if (!section.reader.ok()) return wasm::reader_failure(section.reader);
  return value;
}

Result<bool> ItemReader::flag(const char* expected) {
  const uint64_t at = offset();
  const uint8_t value = WHERRY_TRY(byte());
  if (value > 1) return malformed(ErrorCode::MalformedComponentItem, at, value, expected);
  return value == 1;
}

// ---- sorts and names

Result<Sort> ItemReader::read_core_sort() {
  const uint64_t at = offset();
  const uint8_t code = WHERRY_TRY(byte());
  if (code <= 0x04) return static_cast<Sort>(code);
  if (code == 0x10) return Sort::CoreType;
  if (code == 0x11) return Sort::CoreModule;
  if (code == 0x12) return Sort::CoreInstance;
  return malformed(ErrorCode::MalformedSort, at, code, "a core sort");
}

Result<Sort> ItemReader::read_sort() {
  const uint64_t at = offset();
  const uint8_t code = WHERRY_TRY(byte());
  switch (code) {
    case 0x00: return read_core_sort();
    case 0x01: return Sort::Func;
    case 0x02:
      if (!has(Feature::Values)) return feature_disabled(Feature::Values, "a value", at);
      return Sort::Value;
    case 0x03: return Sort::Type;
    case 0x04: return Sort::Component;
    case 0x05: return Sort::Instance;
    default: return malformed(ErrorCode::MalformedSort, at, code, "a sort");
  }
}

Result<void> ItemReader::read_attribute(ExternName* name) {
  const uint64_t at = offset();
  const uint8_t kind = WHERRY_TRY(byte());
  if (kind > 2) return malformed(ErrorCode::MalformedComponentItem, at, kind, "an attribute of a name");
  const Feature feature = kind == 1 ? Feature::CanonicalNames : Feature::Implements;
  if (!has(feature)) return feature_disabled(feature, "an attribute of a name", at);
  std::string_view* const slot =
      kind == 0 ? &name->implements : (kind == 1 ? &name->version_suffix : &name->external_id);
  if (slot->data() != nullptr) return base::fail(ErrorCode::InvalidAttribute, at, "found an attribute twice");
  *slot = WHERRY_TRY(decode::read_name(section));
  return {};
}

Result<ExternName> ItemReader::read_extern_name() {
  ExternName name;
  name.offset = static_cast<uint32_t>(offset());
  name.form = WHERRY_TRY(byte());
  if (name.form > 2)
    return malformed(ErrorCode::MalformedComponentItem, name.offset, name.form, "the form of a name");
  name.name = WHERRY_TRY(decode::read_name(section));
  if (name.form < 2) return name;
  if (!has(Feature::Implements) && !has(Feature::CanonicalNames)) {
    return feature_disabled(Feature::Implements, "a name with attributes", name.offset);
  }
  const uint32_t attributes = WHERRY_TRY(count("attributes", kMaxAttributes));
  for (uint32_t i = 0; i < attributes; ++i) WHERRY_TRY(read_attribute(&name));
  return name;
}

Result<ExternType> ItemReader::read_extern_type() {
  ExternType type;
  type.offset = static_cast<uint32_t>(offset());
  const uint8_t code = WHERRY_TRY(byte());
  const uint64_t at = offset();
  switch (code) {
    case 0x00:
      if (const uint8_t sort = WHERRY_TRY(byte()); sort != 0x11) {
        return malformed(ErrorCode::MalformedSort, at, sort, "0x11");
      }
      type.sort = Sort::CoreModule;
      break;
    case 0x01: type.sort = Sort::Func; break;
    case 0x02: {
      if (!has(Feature::Values)) return feature_disabled(Feature::Values, "a value", type.offset);
      type.sort = Sort::Value;
      const bool is_type = WHERRY_TRY(flag("the bound of a value"));
      type.bound = is_type ? Bound::Value : Bound::Eq;
      if (!is_type) break;
      type.value = WHERRY_TRY(read_val_type());
      return type;
    }
    case 0x03: {
      type.sort = Sort::Type;
      const bool is_resource = WHERRY_TRY(flag("the bound of a type"));
      type.bound = is_resource ? Bound::SubResource : Bound::Eq;
      if (is_resource) return type;
      break;
    }
    case 0x04: type.sort = Sort::Component; break;
    case 0x05: type.sort = Sort::Instance; break;
    default: return malformed(ErrorCode::MalformedComponentItem, type.offset, code, "an extern type");
  }
  type.index = WHERRY_TRY(u32());
  return type;
}

// ---- instances

// An instantiation or a list of exports: all but the items, for which there is room.
Result<std::span<InstanceItem>> ItemReader::read_instance_head(const char* form, InstanceDef* instance) {
  instance->is_instantiate = !WHERRY_TRY(flag(form));
  if (instance->is_instantiate) instance->target = WHERRY_TRY(u32());
  const uint32_t items = WHERRY_TRY(count("arguments or exports", kMaxArguments));
  auto* const list = out.arena.allocate<InstanceItem>(items);
  if (list == nullptr) return decode::out_of_memory();
  instance->items = {list, items};
  return std::span(list, items);
}

Result<void> ItemReader::read_plain_name(ExternName* name) {
  name->offset = static_cast<uint32_t>(offset());
  name->name = WHERRY_TRY(decode::read_name(section));
  return {};
}

Result<void> ItemReader::read_core_instance() {
  const uint64_t at = offset();
  InstanceDef instance;
  const auto items = WHERRY_TRY(read_instance_head("the form of a core instance", &instance));
  for (InstanceItem& item : items) {
    WHERRY_TRY(read_plain_name(&item.name));
    const uint64_t sort_at = offset();
    item.sort = WHERRY_TRY(read_core_sort());
    if (instance.is_instantiate && item.sort != Sort::CoreInstance) {
      return base::fail(ErrorCode::MalformedSort, sort_at, "an argument of a core instance is an instance");
    }
    item.index = WHERRY_TRY(u32());
  }
  return add(DefKind::CoreInstance, out.core_instances, instance, at);
}

Result<void> ItemReader::read_instance() {
  const uint64_t at = offset();
  InstanceDef instance;
  const auto items = WHERRY_TRY(read_instance_head("the form of an instance", &instance));
  for (InstanceItem& item : items) {
    if (instance.is_instantiate) {
      WHERRY_TRY(read_plain_name(&item.name));
    } else {
      item.name = WHERRY_TRY(read_extern_name());
    }
    item.sort = WHERRY_TRY(read_sort());
    item.index = WHERRY_TRY(u32());
  }
  return add(DefKind::Instance, out.instances, instance, at);
}

// ---- aliases

Result<void> ItemReader::read_alias() {
  const uint64_t at = offset();
  Alias alias;
  alias.sort = WHERRY_TRY(read_sort());
  const uint64_t kind_at = offset();
  const uint8_t kind = WHERRY_TRY(byte());
  if (kind > 2) return malformed(ErrorCode::MalformedComponentItem, kind_at, kind, "the kind of an alias");
  alias.kind = static_cast<AliasKind>(kind);
  alias.instance = WHERRY_TRY(u32());
  if (alias.kind == AliasKind::Outer) {
    alias.index = WHERRY_TRY(u32());
    const bool can_be_outer = alias.sort == Sort::CoreModule || alias.sort == Sort::CoreType ||
                              alias.sort == Sort::Type || alias.sort == Sort::Component;
    if (!can_be_outer) {
      return base::fail(
          ErrorCode::MalformedSort, at,
          "found a " + std::string(sort_name(alias.sort)) + ", expected a type, module or component");
    }
  } else {
    alias.name = WHERRY_TRY(decode::read_name(section));
  }
  return add(DefKind::Alias, out.aliases, alias, at);
}

// Inside of a core module type there are only outer aliases of core types.
Result<void> ItemReader::read_core_alias() {
  const uint64_t at = offset();
  Alias alias;
  alias.kind = AliasKind::Outer;
  alias.sort = WHERRY_TRY(read_core_sort());
  if (alias.sort != Sort::CoreType) {
    return base::fail(ErrorCode::MalformedSort, at, "found an alias of another sort than type");
  }
  const uint64_t kind_at = offset();
  const uint8_t kind = WHERRY_TRY(byte());
  if (kind != 1) return malformed(ErrorCode::MalformedComponentItem, kind_at, kind, "0x01");
  alias.instance = WHERRY_TRY(u32());
  alias.index = WHERRY_TRY(u32());
  return add(DefKind::Alias, out.aliases, alias, at);
}

// ---- canonical definitions

Result<void> ItemReader::read_options(Canon* canon) {
  const uint32_t options = WHERRY_TRY(count("options", kMaxCanonOptions));
  auto* const list = out.arena.allocate<CanonOption>(options);
  if (list == nullptr) return decode::out_of_memory();
  for (uint32_t i = 0; i < options; ++i) {
    const uint64_t at = offset();
    const uint8_t kind = WHERRY_TRY(byte());
    if (kind >= kCanonOptionKinds) return malformed(ErrorCode::MalformedCanon, at, kind, "an option");
    list[i].kind = static_cast<CanonOptionKind>(kind);
    list[i].offset = static_cast<uint32_t>(at);
    const bool is_async = list[i].kind == CanonOptionKind::Async || list[i].kind == CanonOptionKind::Callback;
    if (is_async && !has(Feature::Async))
      return feature_disabled(Feature::Async, "an asynchronous function", at);
    const bool has_index =
        kind >= static_cast<uint8_t>(CanonOptionKind::Memory) && list[i].kind != CanonOptionKind::Async;
    if (has_index) list[i].index = WHERRY_TRY(u32());
  }
  canon->options = {list, options};
  return {};
}

Result<void> ItemReader::read_result(bool* has_result, ValTypeRef* type) {
  const uint64_t at = offset();
  const uint8_t form = WHERRY_TRY(byte());
  if (form > 1) return malformed(ErrorCode::MalformedDefinedType, at, form, "a result list");
  *has_result = form == 0;
  if (*has_result) {
    *type = WHERRY_TRY(read_val_type());
    return {};
  }
  const uint64_t zero_at = offset();
  if (const uint8_t zero = WHERRY_TRY(byte()); zero != 0) {
    return malformed(ErrorCode::MalformedDefinedType, zero_at, zero, "0x00");
  }
  return {};
}

Result<void> ItemReader::read_canon_immediates(CanonImmediates immediates, Canon* canon) {
  using enum CanonImmediates;
  switch (immediates) {
    case Lift:
    case Lower: {
      const uint64_t at = offset();
      if (const uint8_t zero = WHERRY_TRY(byte()); zero != 0) {
        return malformed(ErrorCode::MalformedCanon, at, zero, "0x00");
      }
      canon->item = WHERRY_TRY(u32());
      WHERRY_TRY(read_options(canon));
      if (immediates == Lift) canon->type = WHERRY_TRY(u32());
      return {};
    }
    case Type: canon->type = WHERRY_TRY(u32()); return {};
    case TypeOptions: canon->type = WHERRY_TRY(u32()); return read_options(canon);
    case TypeAsync:
      canon->type = WHERRY_TRY(u32());
      canon->flag = WHERRY_TRY(flag("0x00 or 0x01"));
      return {};
    case None: return {};
    case Result: WHERRY_TRY(read_result(&canon->has_result, &canon->result)); return read_options(canon);
    case Context:
      canon->context = WHERRY_TRY(wasm::read_val_type(section.reader, out.features.core));
      canon->type = WHERRY_TRY(u32());
      return {};
    case Options: return read_options(canon);
    case CancelMemory:
      canon->flag = WHERRY_TRY(flag("0x00 or 0x01"));
      canon->item = WHERRY_TRY(u32());
      return {};
    case NewIndirect:
      canon->type = WHERRY_TRY(u32());
      canon->item = WHERRY_TRY(u32());
      return {};
    case SpawnRef:
    case SpawnTable:
      canon->flag = WHERRY_TRY(flag("0x00 or 0x01"));
      canon->type = WHERRY_TRY(u32());
      if (immediates == SpawnTable) canon->item = WHERRY_TRY(u32());
      return {};
    case Async:
    case Cancel:
    case Shared: canon->flag = WHERRY_TRY(flag("0x00 or 0x01")); return {};
  }
  return {};
}

Result<void> ItemReader::read_canon() {
  const uint64_t at = offset();
  const uint8_t code = WHERRY_TRY(byte());
  const CanonRow* const row = find_canon(code);
  if (row == nullptr) return malformed(ErrorCode::MalformedCanon, at, code, "a canonical definition");
  if (!has(row->feature)) return feature_disabled(row->feature, row->text, at);
  Canon canon;
  canon.op = static_cast<CanonOp>(row - kCanonRows);
  WHERRY_TRY(read_canon_immediates(row->immediates, &canon));
  return add(DefKind::Canon, out.canons, canon, at);
}

// ---- start, imports, exports, values

Result<void> ItemReader::read_start() {
  const uint64_t at = offset();
  if (!has(Feature::Values)) return feature_disabled(Feature::Values, "a start function", at);
  Start start;
  start.func = WHERRY_TRY(u32());
  const uint32_t arguments = WHERRY_TRY(count("arguments", kMaxArguments));
  auto* const list = out.arena.allocate<uint32_t>(arguments);
  if (list == nullptr) return decode::out_of_memory();
  for (uint32_t i = 0; i < arguments; ++i) list[i] = WHERRY_TRY(u32());
  start.arguments = {list, arguments};
  start.results = WHERRY_TRY(u32());
  return add(DefKind::Start, out.starts, start, at);
}

Result<void> ItemReader::read_import() {
  const uint64_t at = offset();
  Import import;
  import.name = WHERRY_TRY(read_extern_name());
  import.type = WHERRY_TRY(read_extern_type());
  return add(DefKind::Import, out.imports, import, at);
}

Result<void> ItemReader::read_export() {
  const uint64_t at = offset();
  Export exported;
  exported.name = WHERRY_TRY(read_extern_name());
  exported.sort = WHERRY_TRY(read_sort());
  exported.index = WHERRY_TRY(u32());
  exported.has_item = true;
  exported.has_type = WHERRY_TRY(flag("0x00 or 0x01"));
  if (exported.has_type) exported.type = WHERRY_TRY(read_extern_type());
  return add(DefKind::Export, out.exports, exported, at);
}

Result<void> ItemReader::read_export_declaration() {
  const uint64_t at = offset();
  Export exported;
  exported.name = WHERRY_TRY(read_extern_name());
  exported.type = WHERRY_TRY(read_extern_type());
  exported.sort = exported.type.sort;
  exported.has_type = true;
  return add(DefKind::Export, out.exports, exported, at);
}

Result<void> ItemReader::read_value() {
  const uint64_t at = offset();
  if (!has(Feature::Values)) return feature_disabled(Feature::Values, "a value", at);
  ValueDef value;
  value.type = WHERRY_TRY(read_val_type());
  const uint32_t size_bytes = WHERRY_TRY(u32());
  value.offset = static_cast<uint32_t>(offset());
  value.bytes = section.reader.take(size_bytes);
  if (!section.reader.ok()) return wasm::reader_failure(section.reader);
  return add(DefKind::Value, out.values, value, at);
}

}  // namespace wherry::component
